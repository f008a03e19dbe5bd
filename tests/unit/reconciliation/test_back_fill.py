"""What the archive lacks is added in its own format, and the same gap is filled once."""

import gzip

import pytest

from reconciliation.adapters import back_fill
from reconciliation.adapters.back_fill import BackFill
from shared.messaging.envelope import encode
from shared.read_models.archive import Archive
from tests.support.examples.log_of_orders import ORDERS, event
from tests.support.fakes.in_memory_s3 import InMemoryS3

TIMES = ("2026-12-01T09:10:00.000Z", "2026-12-01T09:50:00.000Z", "2026-12-02T00:00:00.000Z")
EVENTS = [
    event(order_id, version, "OrderPlaced", occurred_at=occurred_at)
    for order_id in ORDERS[:2]
    for version, occurred_at in enumerate(TIMES, 1)
]


def test_each_hour_has_an_object_that_readers_of_the_archive_understand() -> None:
    s3 = InMemoryS3()
    assert BackFill(s3, "archive").add(EVENTS) == len(EVENTS)
    first, second = sorted(s3.objects)
    assert first.startswith("events/backfill/day=2026-12-01/hour=09-")
    assert second.startswith("events/backfill/day=2026-12-02/hour=00-")
    archive = Archive(s3, "archive")
    contents = archive.contents([found.key for found in archive.objects()])
    lines = [line for _, some, _ in contents for line in some]
    assert sorted(lines) == sorted(map(encode, EVENTS))


def test_the_same_gap_is_filled_once_whatever_the_order() -> None:
    s3 = InMemoryS3()
    BackFill(s3, "archive").add(EVENTS)
    before = dict(s3.objects)
    assert BackFill(s3, "archive").add(reversed(EVENTS)) == 0
    assert s3.objects == before


def test_a_large_gap_makes_several_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(back_fill, "EVENTS_IN_AN_OBJECT", 2)
    s3 = InMemoryS3()
    BackFill(s3, "archive").add(EVENTS)
    sizes = [len(gzip.decompress(body).splitlines()) for body in s3.objects.values()]
    assert sorted(sizes) == [2, 2, 2]
