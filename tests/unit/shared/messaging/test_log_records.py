"""A batch of the log as Lambda hands it over: every record at its place, but those set aside."""

from __future__ import annotations

import base64
from typing import Any

from shared.messaging.log_records import LogRecord, read


def arrived(shard: str, sequence: str, body: bytes) -> dict[str, Any]:
    return {
        "eventID": f"{shard}:{sequence}",
        "kinesis": {"sequenceNumber": sequence, "data": base64.b64encode(body).decode()},
    }


EVENT = {"Records": [arrived("shard-0", str(n), b"body-%d" % n) for n in range(1, 4)]}


def test_every_record_is_read_with_its_place() -> None:
    assert read(EVENT, frozenset()) == [
        LogRecord("shard-0", "1", b"body-1"),
        LogRecord("shard-0", "2", b"body-2"),
        LogRecord("shard-0", "3", b"body-3"),
    ]


def test_a_record_that_was_set_aside_is_passed_by_and_those_after_it_are_not() -> None:
    found = read(EVENT, frozenset({("shard-0", "1"), ("shard-1", "2")}))
    assert [each.sequence for each in found] == ["2", "3"]
