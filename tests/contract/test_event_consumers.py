"""Every consumer takes whatever the schemas allow, in each version that was ever sent."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.messages import sources_of
from fulfilment import commands as fulfilment
from fulfilment.commands import StepRequest
from fulfilment.domain.saga import SagaState
from fulfilment.domain.steps import STEPS, command_id
from fulfilment.handlers.start_saga import SCHEMA_VERSION
from fulfilment.handlers.take_reply import CommandReplied
from inventory.domain.errors import NothingReserved
from inventory.handlers.record_sales import record_confirmed
from notifications.domain.messages import NothingToSay, compose
from order_views.handlers.projection import fold as view_of
from orders.domain.events import EVENT_TYPES
from orders_language.schemas import ORDER_EVENTS
from sales.handlers.projection import fold as sales_of
from shared.messaging.bus_messages import from_bus
from shared.messaging.envelope import Envelope, encode
from shared.messaging.log_records import read_envelope
from tests.support.contracts.event_schemas import MESSAGES, envelope, example, types, violations
from tests.support.examples.events import FEW, valid_messages
from tests.support.examples.fulfilment import CONTEXT
from tests.support.fakes.in_memory_sagas import FakeExecutions, FakeOwners, InMemorySagas

NOON = "2026-12-01T12:00:00.000Z"
EVENTS = [it for it in MESSAGES if it[0] in types("event", owner="orders")]
HEARD = [it for it in MESSAGES if it[0] in types("event", "fact", "reply")]
every_event = pytest.mark.parametrize("event", EVENTS, ids=lambda it: f"{it[0]} v{it[1]}")
PLACED = envelope(example("OrderPlaced", 2))


def a_message(drawn: st.DataObject, message: tuple[str, int], **known: Any) -> Envelope:
    """A message that its schema allows, with ids that belong together."""
    return envelope({**drawn.draw(valid_messages(*message)), **known})


@every_event
@FEW
@given(drawn=st.data())
def test_each_version_of_an_event_is_lifted_to_the_newest(
    event: tuple[str, int], drawn: st.DataObject
) -> None:
    lifted = ORDER_EVENTS.upcast(a_message(drawn, event))
    assert lifted.schema_version == ORDER_EVENTS.current[event[0]]
    assert violations(lifted) == []


@every_event
@FEW
@given(drawn=st.data())
def test_the_views_fold_each_version_of_an_event(
    event: tuple[str, int], drawn: st.DataObject
) -> None:
    message = ORDER_EVENTS.upcast(a_message(drawn, event, version=2, occurred_at=NOON))
    before = None if event[0] == "OrderPlaced" else view_of(None, PLACED)
    assert view_of(before, message).version == 2
    sold = sales_of(None, message)
    assert len(sold) == (event[0] == "OrderConfirmed")


@pytest.mark.parametrize("event", [it for it in EVENTS if it[0] == "OrderCancelled"])
def test_orders_reads_each_version_of_its_own_event(event: tuple[str, int]) -> None:
    lifted = ORDER_EVENTS.upcast_data(event[0], event[1], example(*event)["data"])
    read = msgspec.convert(lifted, EVENT_TYPES[event[0]])
    assert msgspec.to_builtins(read) == {"reason": "changed_mind", "cancelled_by": "customer"}


@pytest.mark.parametrize("version", [it[1] for it in EVENTS if it[0] == "OrderPlaced"])
@FEW
@given(drawn=st.data())
def test_a_saga_starts_with_any_placed_order(version: int, drawn: st.DataObject) -> None:
    placed = a_message(drawn, ("OrderPlaced", version), aggregate_id=PLACED.aggregate_id)
    assert placed.schema_version <= SCHEMA_VERSION
    saga = fulfilment.start_saga(InMemorySagas(), FakeExecutions(), lambda: NOON, 600, placed)
    assert saga.state is SagaState.RUNNING


@FEW
@given(drawn=st.data())
def test_a_saga_takes_any_answer_to_its_command(drawn: st.DataObject) -> None:
    store, executions = InMemorySagas(), FakeExecutions()
    order_id, step = PLACED.aggregate_id, STEPS["reserve-stock"]
    request = StepRequest(order_id, step.name, "token", CONTEXT, {})
    fulfilment.send_command(store, executions, FakeOwners(), lambda: NOON, request)
    reply = a_message(drawn, ("CommandReplied", 1), occurred_at="2026-12-01T13:00:00.000Z")
    ids = {"order_id": order_id, "command_id": command_id(order_id, step.name)}
    reply = msgspec.structs.replace(reply, data={**reply.data, **ids})
    msgspec.convert(reply.data, CommandReplied)
    fulfilment.take_reply(store, executions, reply)
    assert [token for token, _ in executions.answers] == ["token"]


@FEW
@given(drawn=st.data())
def test_inventory_records_any_sale(drawn: st.DataObject) -> None:
    heard = []

    def record(order_id: str) -> None:
        heard.append(order_id)
        raise NothingReserved(order_id)

    confirmed = a_message(drawn, ("OrderConfirmed", 1))
    record_confirmed(record, confirmed)
    assert heard == [confirmed.aggregate_id]


@pytest.mark.parametrize("heard", HEARD, ids=lambda it: f"{it[0]} v{it[1]}")
@FEW
@given(drawn=st.data())
def test_whatever_an_owner_says_is_read_from_the_bus(
    heard: tuple[str, int], drawn: st.DataObject
) -> None:
    message = a_message(drawn, heard)
    for source in sources_of(message.type):
        event = {"source": source, "detail": json.loads(encode(message))}
        assert from_bus({message.type: sources_of(message.type)})(json.dumps(event)) == message


@pytest.mark.parametrize("heard", HEARD, ids=lambda it: f"{it[0]} v{it[1]}")
@FEW
@given(drawn=st.data())
def test_a_customer_can_be_told_of_anything_or_nothing_need_be_said(
    heard: tuple[str, int], drawn: st.DataObject
) -> None:
    message = a_message(drawn, heard)
    try:
        told = compose(message.event_id, message.type, "o-1", message.data, "customer-1")
    except NothingToSay:
        return
    assert told.subject
    assert told.text("a name")


@pytest.mark.parametrize("heard", HEARD, ids=lambda it: f"{it[0]} v{it[1]}")
@FEW
@given(drawn=st.data())
def test_the_log_takes_any_event_and_integration_event(
    heard: tuple[str, int], drawn: st.DataObject
) -> None:
    message = a_message(drawn, heard, aggregate_id=PLACED.aggregate_id)
    assert read_envelope(encode(message)) == message
