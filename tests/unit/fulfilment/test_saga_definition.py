"""The state machine as it is deployed: every way leads on, and every step belongs to the saga."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
from jsonata import Jsonata
from msgspec import convert

from contracts import messages
from fulfilment.adapters.dynamodb_sagas import CONFIRMED_END
from fulfilment.commands import FAILED, REFUSED, UNKNOWN, StepRequest
from fulfilment.domain.saga import Destination, OrderToFulfil
from fulfilment.domain.steps import PIVOT, STEPS
from fulfilment.environment import OwnerEnvironment
from stacks.fulfilment_saga import ORDER_UNKNOWN, THE_END, owners, saga, saga_times
from stacks.stage import stage_named

TIMES = saga_times(stage_named("prod", "cloud", "eu-west-1"))
STATES: dict[str, Any] = saga(TIMES)["States"]
PLACED = {"lines": [{"sku": "MUG-BLUE", "quantity": 2, "unit_price": 1290}], "currency": "EUR"}
REMOTE = {name: it for name, it in STATES.items() if "TimeoutSeconds" in it}
UNDOS = {name for name, step in STEPS.items() if step.undoes}


def step_of(state: dict[str, Any]) -> str:
    step: str = state["Arguments"]["Payload"]["step"]
    return step


def followers(state: dict[str, Any]) -> Iterator[str]:
    for part in (state, *state.get("Choices", ()), *state.get("Catch", ())):
        yield from (part[key] for key in ("Next", "Default") if key in part)


def good_path() -> list[str]:
    """What a saga passes through when its starter brings the order, and everybody says yes."""
    path, name = [], saga(TIMES)["StartAt"]
    while True:
        path.append(name)
        if "End" in STATES[name]:
            return path
        name = STATES[name]["Next"]


def test_every_state_can_be_reached_and_leads_somewhere() -> None:
    reached, waiting = set(), [saga(TIMES)["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += followers(STATES[name])
    assert reached == set(STATES)


def test_the_good_path_takes_six_transitions() -> None:
    assert good_path() == [
        "Reserve stock",
        "Authorize payment",
        "Gather quotes",
        "Book shipment",
        "Capture payment",
        "Confirm order",
    ]


def test_the_last_state_notes_what_became_of_the_order() -> None:
    noted = STATES["Close saga"]["Arguments"]["ExpressionAttributeValues"][":end"]["S"]
    assert noted == f"{{% {THE_END} %}}"
    assert re.findall("[?:] '([a-z]+)'", THE_END) == ["confirmed", "cancelled", "rejected"]
    assert f"'{CONFIRMED_END}'" in THE_END


def test_what_the_steps_need_of_an_order_is_what_its_starter_brings() -> None:
    asked = set(re.findall(r"[$.]placed\.(\w+)", json.dumps(STATES)))
    assert asked == {it.name for it in fields(OrderToFulfil)}
    assert set(re.findall(r"ship_to\.(\w+)", json.dumps(STATES))) == {
        it.name for it in fields(Destination)
    }


def test_every_way_into_the_steps_knows_all_that_they_refer_to() -> None:
    first = STATES["Reserve stock"]
    assert {*first["Assign"]} == {*STATES["Read order"]["Assign"]}
    undone_knows = {*first["Assign"]} - {"placed"}
    assert all(undone_knows <= {*it["Assign"]} for it in first["Catch"])


def test_the_first_step_is_given_the_order_however_it_was_found() -> None:
    again = [it for it in STATES["Still to be fulfilled?"]["Choices"] if "Output" in it]
    assert [(it["Next"], it["Output"]) for it in again] == [
        (saga(TIMES)["StartAt"], {"placed": "{% $placed %}"})
    ]
    with_order, without = (_data_of_the_first_step(it) for it in ({"placed": PLACED}, {}))
    assert with_order == {"lines": [{"sku": "MUG-BLUE", "quantity": 2}]}
    assert without == ORDER_UNKNOWN
    convert(without, StepRequest.__annotations__["data"])


def test_an_order_that_nobody_brought_is_read_and_not_asked_for_again() -> None:
    first = STATES["Reserve stock"]
    final, _ = first["Retry"]
    assert (UNKNOWN in final["ErrorEquals"], final["MaxAttempts"]) == (True, 0)
    *_, last = first["Catch"]
    assert last["Next"] == "Order known already?"
    assert STATES["Order known already?"]["Default"] == "Read order"


def _data_of_the_first_step(given: dict[str, Any]) -> Any:
    text = STATES["Reserve stock"]["Arguments"]["Payload"]["data"]
    expression = Jsonata(text.removeprefix("{%").removesuffix("%}"))
    return expression.evaluate(None, {"states": {"input": given}})


def test_the_step_that_closes_the_saga_is_the_last_one() -> None:
    assert step_of(STATES[good_path()[-1]]) == PIVOT


def test_the_machine_and_the_functions_know_the_same_steps() -> None:
    assert {step_of(state) for state in REMOTE.values()} == set(STEPS)


def test_contracts_machine_and_functions_agree_on_who_carries_out_the_steps() -> None:
    assert owners(saga(TIMES)) == ("inventory", "payments", "shipping", "orders")
    assert all(messages.owner_of(it.command) == it.owner for it in STEPS.values())
    queues = OwnerEnvironment(*OwnerEnvironment.__struct_fields__)
    assert queues.url_by_owner == {it: f"{it}_queue_url" for it in owners(saga(TIMES))}


def test_a_step_whose_command_has_no_contract_is_refused() -> None:
    step = {"Arguments": {"Payload": {"step": "wrap-present"}}}
    with pytest.raises(LookupError, match="WrapPresent"):
        owners({"States": {"Wrap present": step}})


def test_what_may_have_been_done_is_undone_by_somebody() -> None:
    undone = {step for it in STEPS.values() for step in it.undoes}
    forward = {step.name for step in STEPS.values() if not step.undoes}
    assert forward - undone == {"gather-quotes"}, "quotes bind nobody"


def test_undos_come_in_reverse() -> None:
    order, name = [], "May it be confirmed?"
    while name != "Everything undone?":
        state = STATES[name]
        if name in REMOTE:
            order.append(step_of(state))
        first = state["Choices"][0]["Next"] if "Choices" in state else state["Next"]
        # Both the confirmation is settled by asking, and the order turns out not to be confirmed.
        name = state["Default"] if name == "Confirmed after all?" else first
    assert order == [
        "reject-order",
        "refund-payment",
        "cancel-shipment",
        "void-payment",
        "release-stock",
        "reject-order",
    ]


@pytest.mark.parametrize("name", REMOTE)
def test_a_deadline_is_a_whole_number_and_no_heartbeat_is_asked_for(name: str) -> None:
    assert isinstance(REMOTE[name]["TimeoutSeconds"], int)
    assert "HeartbeatSeconds" not in REMOTE[name]


@pytest.mark.parametrize("name", REMOTE)
def test_a_refusal_is_never_tried_again_and_a_failure_is(name: str) -> None:
    final, passing = REMOTE[name]["Retry"]
    assert (final["ErrorEquals"][0], final["MaxAttempts"]) == (REFUSED, 0)
    assert passing["ErrorEquals"] in (["States.TaskFailed"], ["States.ALL"])
    assert passing["BackoffRate"] > 1
    assert passing["JitterStrategy"] == "FULL"
    assert FAILED != REFUSED


@pytest.mark.parametrize("name", REMOTE)
def test_a_sender_that_raises_is_caught_like_a_missing_answer(name: str) -> None:
    *_, last = REMOTE[name]["Catch"]
    assert last["ErrorEquals"] == ["States.ALL"]
    noted = json.dumps(last["Assign"])
    assert step_of(REMOTE[name]) in noted
    assert ("possibly" in noted) == (step_of(REMOTE[name]) not in UNDOS)


@pytest.mark.parametrize("name", REMOTE)
def test_a_failed_undo_does_not_stop_the_others(name: str) -> None:
    if step_of(REMOTE[name]) in UNDOS and name != "Settle order":
        *_, last = REMOTE[name]["Catch"]
        assert last["Next"] == REMOTE[name]["Next"]


def test_a_reason_that_the_machine_gives_is_a_code_that_orders_takes() -> None:
    for state in REMOTE.values():
        for catch in state["Catch"]:
            cause = catch["Assign"].get("cause", "")
            assert cause.startswith("{%") or re.fullmatch("[a-z0-9-]{0,64}", cause)


def test_in_the_cloud_a_step_outlasts_an_outage_of_two_hours() -> None:
    assert TIMES.step > 2 * 3600


@pytest.mark.parametrize("deadline", ["0", "-1", "1.5", "soon", ""])
def test_a_deadline_that_is_no_whole_number_is_refused(deadline: str) -> None:
    with pytest.raises(ValueError, match="whole number of seconds"):
        saga_times(stage_named("dev", "local", "eu-west-1"), deadline)
