"""An export is whole or it is refused; hostile and damaged objects of the archive harm nothing."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.messaging.envelope import encode
from tests.support.examples.hostile_records import every
from tests.support.examples.log_of_orders import ORDERS, event
from tests.support.fakes.in_memory_s3 import InMemoryS3
from tools.base.errors import OperationFailed
from tools.recovery import archive_copy
from tools.recovery.exports import FILES, SUMMARY, Exports

AT = "2026-12-01T09:00:00.000Z"
ITEMS = [{"order_id": {"S": f"o-{number}"}} for number in range(7)]
CAUSE = "7b1f8f7a-58c5-5c1d-9a77-0d5a3b8f5e21"


class Pages:
    """A listing's pages, as botocore's paginator has them."""

    def __init__(self, s3: InMemoryS3) -> None:
        self._s3 = s3

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        while True:
            answer = self._s3.list_objects_v2(**request)
            yield answer
            if "NextContinuationToken" not in answer:
                return
            request["ContinuationToken"] = answer["NextContinuationToken"]


class Bucket(InMemoryS3):
    def get_paginator(self, _operation: str) -> Pages:
        return Pages(self)


def exported(items: list[dict[str, Any]] = ITEMS) -> tuple[Bucket, Exports]:
    s3 = Bucket()
    exports = Exports(s3, "b")
    exports.write("orders-EventStore", items, AT)
    return s3, exports


def test_what_was_exported_comes_back() -> None:
    _, exports = exported()
    assert exports.names() == ["orders-EventStore"]
    assert exports.items("orders-EventStore") == ITEMS
    assert exports.taken_at("orders-EventStore") == AT


def test_an_export_without_a_summary_is_none() -> None:
    s3, exports = exported()
    del s3.objects[f"exports/orders-EventStore/{SUMMARY}"]
    assert exports.names() == []


def test_an_export_that_lacks_items_is_refused() -> None:
    s3, exports = exported()
    s3.objects[f"exports/orders-EventStore/{FILES}"] = b""
    with pytest.raises(OperationFailed, match="0 of 7 items"):
        exports.items("orders-EventStore")


@pytest.mark.parametrize("body", [b"", b"not gzip", gzip.compress(b"{"), gzip.compress(b"[]\n")])
def test_a_damaged_export_is_refused_by_name(body: bytes) -> None:
    s3, exports = exported()
    (data,) = [key for key in s3.objects if "/data/" in key]
    s3.objects[data] = body
    with pytest.raises(OperationFailed, match="orders-EventStore"):
        exports.items("orders-EventStore")


def test_a_step_is_noted_under_its_own_name_only() -> None:
    _, exports = exported()
    exports.note("eu-west-1-tables-of-old", {})
    assert not exports.noted("eu-west-1-tables")
    exports.note("eu-west-1-tables", {})
    assert exports.noted("eu-west-1-tables")
    assert exports.names() == ["orders-EventStore"]


def read(*bodies: bytes) -> archive_copy.Archived:
    s3 = InMemoryS3()
    for number, body in enumerate(bodies):
        s3.objects[f"events/day=2026-12-01/{number}"] = body
    return archive_copy.read(s3, "b")


PLACED = event(ORDERS[0], 1, "OrderPlaced", causation_id=CAUSE)


def test_late_and_repeated_objects_are_read_and_the_newest_moment_is_known() -> None:
    line = encode(PLACED) + b"\n"
    found = read(line, gzip.compress(line), line + line)
    assert found.events == [PLACED] * 4
    assert found.last == PLACED.occurred_at
    assert not found.unusable


def test_a_damaged_object_is_named_and_what_is_before_the_damage_counts() -> None:
    whole = gzip.compress(encode(PLACED) + b"\n" + b"x" * 100_000)
    found = read(whole[:-20], encode(PLACED))
    assert PLACED in found.events
    assert any("damaged" in it for it in found.unusable)


HOSTILE = list(every(PLACED))


@given(st.lists(st.sampled_from(HOSTILE), max_size=5), st.binary(max_size=40))
def test_whatever_stands_in_the_archive_real_events_are_found(
    hostile: list[bytes], noise: bytes
) -> None:
    found = read(b"\n".join([encode(PLACED), *hostile]), noise)
    assert PLACED in found.events
    for it in found.unusable:
        assert it.isprintable()


def test_a_forgotten_customer_is_known_from_the_archive() -> None:
    forgotten = replace(
        event(ORDERS[1], 1, "CustomerForgotten"),
        aggregate_type="customer",
        version=None,
        data={"customer_id": "c-1"},
    )
    found = read(encode(forgotten))
    assert found.forgotten == {"c-1"}
    assert found.events == []


def test_events_of_other_aggregates_are_not_orders() -> None:
    found = read(encode(event(ORDERS[0], 1, "OrderPlaced", aggregate_type="parcel")))
    assert found.events == []


def test_manifests_are_as_dynamodb_writes_them() -> None:
    s3, _ = exported()
    summary = json.loads(s3.objects[f"exports/orders-EventStore/{SUMMARY}"])
    assert summary["itemCount"] == len(ITEMS)
    assert summary["outputFormat"] == "DYNAMODB_JSON"
    (line,) = s3.objects[f"exports/orders-EventStore/{FILES}"].splitlines()
    assert s3.objects[json.loads(line)["dataFileS3Key"]]
