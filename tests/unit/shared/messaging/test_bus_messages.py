"""What the bus delivers counts from its owner alone, whatever anybody else puts there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.product import PRODUCT, PRODUCT_TITLE
from shared.messaging.bus_messages import NotBelieved, from_bus, sources
from shared.messaging.envelope import Envelope, encode
from shared.messaging.queue_consumer import Unusable

PAID = Envelope(
    event_id="00000000-0000-4000-8000-000000000001",
    type="PaymentCaptured",
    schema_version=1,
    aggregate_type="order",
    aggregate_id="00000000-0000-4000-8000-000000000002",
    version=None,
    occurred_at="2026-12-01T00:00:00.000Z",
    correlation_id="c-1",
    causation_id=None,
    traceparent="00-0-0-01",
    data={},
)
SOURCES = sources(f'{{"PaymentCaptured": ["{PRODUCT}.payments", "{PRODUCT}.tills"]}}')


def body(source: Any = f"{PRODUCT}.payments", **changes: Any) -> str:
    """A body as a rule of the bus makes it."""
    detail = {**json.loads(encode(PAID)), **changes}
    return json.dumps(
        {
            "version": "0",
            "id": "e-1",
            "detail-type": "PaymentCaptured",
            "source": source,
            "account": "123456789012",
            "time": "2026-12-01T00:00:00Z",
            "region": "eu-west-1",
            "resources": [],
            "detail": detail,
        }
    )


def test_an_owners_message_counts() -> None:
    assert from_bus(SOURCES)(body()) == PAID


@pytest.mark.parametrize(
    "source", [f"{PRODUCT}.shipping", f"{PRODUCT}.payments.more", f"{PRODUCT_TITLE}.payments", ""]
)
def test_what_somebody_else_says_does_not_count_and_is_counted(
    source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NotBelieved, match="is not who says 'PaymentCaptured' here"):
        from_bus(SOURCES)(body(source))
    said, metric = map(json.loads, capsys.readouterr().out.splitlines())
    assert (said["level"], said["source"], said["type"]) == ("ERROR", source, "PaymentCaptured")
    assert metric["MessagesNotBelieved"] == 1


def test_a_type_that_its_consumer_does_not_hear_counts_from_nobody() -> None:
    with pytest.raises(NotBelieved):
        from_bus(SOURCES)(body(type="PaymentVoided"))


def test_of_several_sources_only_the_owner_of_a_message_counts() -> None:
    read = from_bus(SOURCES, lambda _message: f"{PRODUCT}.tills")
    assert read(body(f"{PRODUCT}.tills")) == PAID
    with pytest.raises(NotBelieved):
        read(body(f"{PRODUCT}.payments"))
    assert from_bus(SOURCES, lambda _message: None)(body()) == PAID


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "[]",
        "{}",
        encode(PAID).decode(),
        body(None),
        body(7),
        body(version="nine"),
        body().replace('"data": {}', '"data": ' + "[" * 100_000),
        "\ud800",
    ],
    ids=["nothing", "list", "empty", "detail", "null", "number", "envelope", "deep", "half a pair"],
)
def test_what_is_no_event_of_the_bus_is_unusable(malformed: str) -> None:
    with pytest.raises(Unusable, match="not a message"):
        from_bus(SOURCES)(malformed)
