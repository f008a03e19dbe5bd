"""What shipping, its carriers, fulfilment and customers really send is what the schemas say."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from jsonata import Jsonata

from customers.adapters.tombstone_codec import to_integration_event
from customers.domain.customer import Tombstone
from fulfilment import commands as fulfilment
from fulfilment.commands import StepRequest, Stuck
from fulfilment.domain.steps import STEPS
from shared.messaging.bus import Bus
from shared.messaging.envelope import Envelope, decode, encode
from shared.messaging.queue_worker import Outcome, messages_of
from shipping.adapters.carrier_list import carriers
from shipping.adapters.dynamodb_tracking_events import DynamoDbTrackingEvents
from shipping.adapters.quote_requests import quote_requested
from shipping.adapters.sqs_deadlines import SqsDeadlines
from shipping.domain.carriers import Parcel
from shipping.domain.quote_aggregation import Quote, QuoteAggregation
from shipping.domain.shipment import MessageContext, Shipment, Status, TrackingStatus
from shipping.handlers import outcomes
from shipping.ports import TrackingEvent
from stacks.fulfilment_saga import saga, saga_times
from stacks.stage import stage_named
from tests.support.contracts.event_schemas import data_schema, envelope, example, types, violations
from tests.support.drivers.queue_driver import assert_published, refusals_of
from tests.support.examples.fulfilment import CONTEXT
from tests.support.fakes.fake_bus import FakeEventBridge
from tests.support.fakes.fake_queue import FakeQueue
from tests.support.fakes.in_memory_sagas import FakeExecutions, FakeOwners, InMemorySagas

NOON = "2026-12-01T12:00:00.000Z"
ASKED = envelope(example("GatherQuotes"))
ORDER = ASKED.aggregate_id
OPEN = QuoteAggregation.begin(
    list(carriers().values()),
    list(carriers()),
    ORDER,
    ASKED.event_id,
    encode(ASKED).decode(),
    Parcel(700, "DE", "10"),
    "EUR",
)
JOURNEY_OF_ORDER = MessageContext(CONTEXT.correlation_id, CONTEXT.traceparent)
BOOKED = Shipment(ORDER, Status.BOOKED, JOURNEY_OF_ORDER, "tern-post", "q", "T1")


class TableThatTakesAll:
    """DynamoDB's client as far as one put goes."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []

    def put_item(self, **request: Any) -> None:
        """As PutItem."""
        self.items.append(request["Item"])


def offer(carrier: str) -> Quote:
    return Quote(carrier, str(uuid.uuid4()), 690, "EUR", 3, NOON)


def answers(kind: str, *ended: Outcome) -> tuple[set[str], set[str]]:
    """The types of the integration events and the reasons of the refusals, checked by schema."""
    integration_events: set[str] = set()
    reasons: set[str] = set()
    for outcome in ended:
        messages = messages_of(envelope(example(kind)), outcome)
        reply = assert_published(kind, messages)
        integration_events |= {message.type for message in messages[:-1]}
        reasons |= {reply.data["reason"]} - {None}
    return integration_events, reasons


def test_what_shipping_says_of_an_aggregation() -> None:
    assert len(OPEN.expected) > 1
    partly = replace(OPEN, quotes={name: offer(name) for name in OPEN.expected[:-1]})
    nowhere = QuoteAggregation.begin([], [], ORDER, ASKED.event_id, "", OPEN.parcel, "EUR")
    ended = [outcomes.of_aggregation(it) for it in (partly.closed(), OPEN.closed(), nowhere)]
    integration_events, reasons = answers("GatherQuotes", *ended)
    assert integration_events == {"QuotesGathered"}
    assert reasons == refusals_of("GatherQuotes")


def test_what_shipping_says_of_a_booking() -> None:
    integration_events, reasons = answers(
        "BookShipment",
        outcomes.of_booking(BOOKED),
        outcomes.of_booking(replace(BOOKED, status=Status.CANCELLED)),
        *(
            outcomes.of_booking(replace(BOOKED, status=Status.REFUSED, reason=reason))
            for reason in ("carrier-refused", "quote-expired")
        ),
    )
    assert integration_events == {"ShipmentBooked", "ShipmentRefused"}
    assert reasons == refusals_of("BookShipment")


def test_what_shipping_says_of_a_cancellation() -> None:
    integration_events, reasons = answers(
        "CancelShipment",
        outcomes.of_cancellation(replace(BOOKED, status=Status.CANCELLED)),
        outcomes.of_cancellation(replace(BOOKED, status=Status.CANCELLED, carrier=None)),
        outcomes.of_cancellation(replace(BOOKED, status=Status.REFUSED)),
    )
    assert integration_events == {"ShipmentCancelled"}
    assert reasons == refusals_of("CancelShipment") == set()


@pytest.mark.parametrize("status", TrackingStatus)
def test_what_shipping_says_of_a_parcel_on_its_way(status: TrackingStatus) -> None:
    table = TableThatTakesAll()
    report = TrackingEvent("tern-post", "e-1", "T1", status, NOON)
    assert DynamoDbTrackingEvents(table, "tracking").add(report, BOOKED)
    assert violations(decode(table.items[0]["fact"]["S"]), closed=True) == []


def test_what_shipping_asks_carriers_and_itself() -> None:
    queue = FakeQueue()
    SqsDeadlines(queue, "deadlines", lambda: 8).set(OPEN)
    sent = [quote_requested(OPEN), decode(queue.sent[0]["MessageBody"])]
    assert [message.type for message in sent] == ["QuoteRequested", "CloseGathering"]
    for message in sent:
        assert violations(message, closed=True) == []


def test_the_saga_gives_each_command_the_fields_that_its_schema_asks_for() -> None:
    given = dict(_steps(saga(saga_times(stage_named("dev", "local", "eu-west-1")))))
    assert {STEPS[name].command for name in given} == types("command")
    for name, data in given.items():
        schema = data_schema(STEPS[name].command, 1)
        assert sorted({"order_id", *data}) == sorted(schema["required"])
        if "ship_to" in data:
            assert sorted(data["ship_to"]) == sorted(schema["properties"]["ship_to"]["required"])


@pytest.mark.parametrize("name", STEPS)
def test_a_command_leaves_fulfilment_in_its_published_form(name: str) -> None:
    data = dict(example(STEPS[name].command)["data"])
    owners = FakeOwners()
    request = StepRequest(data.pop("order_id"), name, "token", CONTEXT, data)
    fulfilment.send_command(InMemorySagas(), FakeExecutions(), owners, lambda: NOON, request)
    ((_, command),) = owners.sent
    assert violations(command, closed=True) == []


def test_what_fulfilment_says_when_it_is_stuck() -> None:
    bus = FakeEventBridge()
    stuck = Stuck(
        ORDER,
        f"{ORDER}.2",
        CONTEXT,
        failed_undo=("refund-payment",),
        done=("reserve-stock", "authorize-payment"),
        possibly=("capture-payment",),
        cause="capture-payment-unanswered",
    )
    fulfilment.report_stuck(InMemorySagas(), Bus(bus, "bus", "fulfilment"), lambda: NOON, stuck)
    _assert_published(bus.messages)


def test_what_customers_say_of_one_who_is_forgotten() -> None:
    tombstone = Tombstone("customer-1", NOON, str(uuid.uuid4()), str(uuid.uuid4()), "00-1")
    _assert_published([to_integration_event(tombstone)])


def _assert_published(messages: list[Envelope]) -> None:
    assert len(messages) == 1
    assert violations(messages[0], closed=True) == []


def _steps(definition: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    arguments = [state.get("Arguments", {}) for state in definition["States"].values()]
    payloads = [it["Payload"] for it in arguments if "step" in it.get("Payload", {})]
    return [(payload["step"], _data(payload["data"])) for payload in payloads]


def _data(given: dict[str, Any] | str) -> dict[str, Any]:
    """The first step's is an expression, which answers otherwise without an order."""
    if isinstance(given, dict):
        return given
    order = {"placed": {"lines": [{"sku": "MUG-BLUE", "quantity": 2}]}}
    expression = Jsonata(given.removeprefix("{%").removesuffix("%}"))
    found: dict[str, Any] = expression.evaluate(None, {"states": {"input": order}})
    return found
