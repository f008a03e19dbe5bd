"""Messages onto the bus: all of them, or an error."""

import json
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from contracts.product import PRODUCT
from shared.messaging.bus import (
    MAX_BYTES,
    MAX_ENTRIES,
    Bus,
    BusUnavailable,
    Unsendable,
    check_sendable,
    reply_to,
)
from shared.messaging.envelope import MAX_NAME, Envelope, decode, encode
from shared.runtime.payloads import MAX_EVENT_BYTES
from tests.support.fakes.fake_bus import FakeEventBridge, refusal

ORDER_ID = "00000000-0000-4000-8000-000000000000"


def integration_event(number: int, padding: int = 0) -> Envelope:
    return Envelope(
        event_id=f"00000000-0000-4000-8000-{number:012}",
        type="ParcelPacked",
        schema_version=1,
        aggregate_type="order",
        aggregate_id=ORDER_ID,
        version=None,
        occurred_at="2026-12-01T10:00:00.000Z",
        correlation_id="c-1",
        causation_id="e-1",
        traceparent="00-1",
        data={"order_id": ORDER_ID, "padding": "x" * padding},
    )


def test_a_message_says_on_the_bus_who_sent_it_and_what_it_is() -> None:
    bridge = FakeEventBridge()
    Bus(bridge, "the-bus", "shipping").put([integration_event(1)])
    ((entry,),) = bridge.calls
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (
        "the-bus",
        f"{PRODUCT}.shipping",
        "ParcelPacked",
    )
    assert json.loads(entry["Detail"]) == msgspec.to_builtins(integration_event(1))


def test_many_messages_go_in_as_few_calls_as_the_bus_takes() -> None:
    bridge = FakeEventBridge()
    Bus(bridge, "the-bus", "shipping").put(
        [integration_event(n) for n in range(2 * MAX_ENTRIES + 1)]
    )
    assert [len(call) for call in bridge.calls] == [MAX_ENTRIES, MAX_ENTRIES, 1]
    assert bridge.messages == [integration_event(n) for n in range(2 * MAX_ENTRIES + 1)]


def test_large_messages_do_not_share_a_call_that_would_be_too_large() -> None:
    bridge = FakeEventBridge()
    largest = MAX_EVENT_BYTES - len(encode(integration_event(0)))
    messages = [
        integration_event(n, padding) for n, padding in enumerate([largest, 1000, 90_000, largest])
    ]
    Bus(bridge, "the-bus", "shipping").put(messages)
    assert bridge.messages == messages
    for call in bridge.calls:
        assert sum(len(e["Detail"]) + len(e["DetailType"] + e["Source"]) for e in call) <= MAX_BYTES


def weight(message: Envelope) -> int:
    return len(f"{PRODUCT}.shipping") + len(message.type) + len(encode(message))


@pytest.mark.parametrize("before", [0, 1], ids=["the first call", "the call after another"])
@pytest.mark.parametrize(("over", "calls"), [(-1, 1), (0, 2), (1, 2)])
def test_messages_share_a_call_that_is_smaller_than_what_the_bus_takes(
    over: int, calls: int, before: int
) -> None:
    bridge = FakeEventBridge()
    half = MAX_BYTES // 2 - weight(integration_event(0))
    messages = [integration_event(1, half), integration_event(2, half + over)]
    assert sum(map(weight, messages)) == MAX_BYTES + over
    Bus(bridge, "the-bus", "shipping").put(
        [integration_event(3, 2 * half - 1000)] * before + messages
    )
    pair = [len(call) for call in bridge.calls[before:]]
    assert pair == [2] * (2 - calls) + [1, 1] * (calls - 1)
    assert bridge.refused == 0, "a call that is refused is a call too many"


def test_a_call_begins_to_count_anew() -> None:
    bridge = FakeEventBridge()
    messages = [integration_event(number, 100 * 1024) for number in range(5)]
    Bus(bridge, "the-bus", "shipping").put(messages)
    assert [len(call) for call in bridge.calls] == [2, 2, 1]
    assert bridge.refused == 0


@pytest.mark.parametrize("characters", [1, MAX_NAME])
def test_a_type_that_is_sent_is_read_by_whoever_hears_the_bus(characters: int) -> None:
    bridge = FakeEventBridge()
    sent = msgspec.structs.replace(integration_event(1), type="x" * characters)
    Bus(bridge, "the-bus", "shipping").put([sent])
    [[entry]] = bridge.calls
    assert decode(entry["Detail"]) == sent


@pytest.mark.parametrize("characters", [0, MAX_NAME + 1])
def test_a_type_that_nobody_would_read_is_not_sent(characters: int) -> None:
    never = msgspec.structs.replace(integration_event(1), type="x" * characters)
    with pytest.raises(msgspec.ValidationError, match=r"type"):
        decode(encode(never))
    with pytest.raises(Unsendable, match=f"1 to {MAX_NAME} characters, not {characters}"):
        check_sendable(never)


@pytest.mark.parametrize("count", [1, 2])
def test_a_bus_that_may_not_be_written_to_parks_nothing(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge = FakeEventBridge()

    def refuse(**_request: Any) -> Any:
        raise refusal("AccessDeniedException", "as planted")

    monkeypatch.setattr(bridge, "put_events", refuse)
    with pytest.raises(ClientError, match="AccessDenied"):
        Bus(bridge, "the-bus", "shipping").put_each(
            [integration_event(number) for number in range(count)],
            lambda _it, why: pytest.fail(why),
        )


@pytest.mark.parametrize(("over", "is_taken"), [(0, True), (1, False)])
def test_the_largest_message_is_taken_and_none_that_is_larger(over: int, is_taken: bool) -> None:
    message = integration_event(1, MAX_EVENT_BYTES - len(encode(integration_event(1))) + over)
    try:
        check_sendable(message)
    except Unsendable:
        assert not is_taken
    else:
        assert is_taken


def test_no_message_is_no_call() -> None:
    bridge = FakeEventBridge()
    Bus(bridge, "the-bus", "shipping").put([])
    assert bridge.calls == []


def test_a_bus_that_refuses_is_not_taken_for_one_that_accepts() -> None:
    bridge = FakeEventBridge()
    bridge.refuses = True
    with pytest.raises(BusUnavailable, match="ThrottlingException"):
        Bus(bridge, "the-bus", "shipping").put([integration_event(1), integration_event(2)])


NEVER = {
    "too large": integration_event(9, padding=MAX_EVENT_BYTES),
    "no type": msgspec.structs.replace(integration_event(9), type=""),
    "a long type": msgspec.structs.replace(integration_event(9), type="x" * (MAX_NAME + 1)),
    "half a character": msgspec.structs.replace(integration_event(9), data={"text": "\ud800"}),
    "a large number": msgspec.structs.replace(integration_event(9), data={"number": 2**63}),
}


@pytest.mark.parametrize("never", NEVER)
def test_what_the_bus_never_takes_is_no_passing_failure(never: str) -> None:
    bridge = FakeEventBridge()
    with pytest.raises(Unsendable):
        Bus(bridge, "the-bus", "shipping").put([NEVER[never]])
    assert bridge.messages == []


@pytest.mark.parametrize("never", NEVER)
def test_what_the_bus_never_takes_leaves_the_others_alone(never: str) -> None:
    bridge, parked = FakeEventBridge(), []
    others = [integration_event(n) for n in range(MAX_ENTRIES)]
    messages = [*others[:5], NEVER[never], *others[5:]]
    Bus(bridge, "the-bus", "shipping").put_each(messages, lambda it, why: parked.append((it, why)))
    assert bridge.messages == others
    ((message, reason),) = parked
    assert (message, bool(reason)) == (NEVER[never], True)


@pytest.mark.parametrize("code", ["InvalidArgument", "MalformedDetail", "ValidationException"])
def test_what_the_bus_alone_can_tell_leaves_the_others_alone(code: str) -> None:
    bridge, parked = FakeEventBridge(), []
    bridge.refuses_types = {"ParcelLost": code}
    lost = msgspec.structs.replace(integration_event(3), type="ParcelLost")
    messages = [integration_event(1), lost, integration_event(2)]
    Bus(bridge, "the-bus", "shipping").put_each(messages, lambda it, why: parked.append((it, why)))
    assert bridge.messages == [integration_event(1), integration_event(2)]
    assert parked == [(lost, f"refused by the bus: {code}")]


def test_a_bus_that_is_busy_parks_nothing() -> None:
    bridge = FakeEventBridge()
    bridge.refuses = True
    with pytest.raises(BusUnavailable, match="ThrottlingException"):
        Bus(bridge, "the-bus", "shipping").put_each(
            [integration_event(1), integration_event(2)], lambda _it, why: pytest.fail(why)
        )


def test_a_reply_belongs_to_its_commands_journey() -> None:
    reply = reply_to(integration_event(1), "refused", "out-of-stock", {"sku": "MUG-BLUE"})
    assert (reply.type, reply.schema_version, reply.version) == ("CommandReplied", 1, None)
    assert (reply.aggregate_type, reply.aggregate_id) == ("order", ORDER_ID)
    assert (reply.causation_id, reply.correlation_id) == (integration_event(1).event_id, "c-1")
    assert reply.data == {
        "order_id": ORDER_ID,
        "command_id": integration_event(1).event_id,
        "outcome": "refused",
        "reason": "out-of-stock",
        "data": {"sku": "MUG-BLUE"},
    }


@pytest.mark.parametrize("data", [{}, {"order_id": None}, {"order_id": 7}, {"order_id": ["x"]}])
def test_a_reply_to_a_command_that_names_no_order_names_what_the_command_is_about(
    data: dict[str, Any],
) -> None:
    reply = reply_to(
        msgspec.structs.replace(integration_event(1), data=data), "refused", "invalid-command"
    )
    assert reply.data["order_id"] == ORDER_ID


def test_a_reply_names_the_order_that_its_command_names() -> None:
    other = "00000000-0000-4000-8000-000000000009"
    command = msgspec.structs.replace(integration_event(1), data={"order_id": other})
    assert reply_to(command, "done").data["order_id"] == other


def test_a_reply_without_more_to_say_says_nothing_more() -> None:
    assert reply_to(integration_event(1), "done").data == {
        "order_id": ORDER_ID,
        "command_id": integration_event(1).event_id,
        "outcome": "done",
        "reason": None,
        "data": {},
    }


def test_a_reply_given_again_is_recognised_and_another_outcome_is_another_reply() -> None:
    assert (
        reply_to(integration_event(1), "done").event_id
        == reply_to(integration_event(1), "done").event_id
    )
    assert (
        reply_to(integration_event(1), "done").event_id
        != reply_to(integration_event(1), "failed").event_id
    )
    assert (
        reply_to(integration_event(1), "done").event_id
        != reply_to(integration_event(2), "done").event_id
    )
