"""A saga that could not undo something says so once, with all that an operator needs."""

import pytest

from fulfilment import commands
from fulfilment.commands import Stuck
from fulfilment.domain.saga import Saga, SagaState
from shared.messaging.bus import Bus
from tests.support.examples.fulfilment import CONTEXT, ORDER, TEN
from tests.support.fakes.fake_bus import FakeEventBridge
from tests.support.fakes.in_memory_sagas import InMemorySagas


def report(*failed_undo: str) -> tuple[InMemorySagas, FakeEventBridge]:
    store, events = InMemorySagas(), FakeEventBridge()
    store.begin(Saga(ORDER, CONTEXT, due_at=TEN))
    stuck = Stuck(
        order_id=ORDER,
        execution=f"{ORDER}.2",
        journey=CONTEXT,
        failed_undo=failed_undo,
        done=("reserve-stock",),
        possibly=("authorize-payment",),
        cause="payment-declined",
    )
    for _ in range(2):
        commands.report_stuck(store, Bus(events, "bus", "fulfilment"), lambda: TEN, stuck)
    return store, events


def test_operators_learn_what_failed_what_is_done_and_why() -> None:
    _, events = report("release-stock")
    message = events.messages[0]
    assert message.type == "FulfilmentStuck"
    assert message.correlation_id == CONTEXT.correlation_id
    assert message.data == {
        "order_id": ORDER,
        "execution": f"{ORDER}.2",
        "failed_undo": ["release-stock"],
        "done": ["reserve-stock"],
        "possibly": ["authorize-payment"],
        "cause": "payment-declined",
    }


def test_a_report_that_is_repeated_bears_the_same_id() -> None:
    _, events = report("release-stock")
    first, second = events.messages
    assert first.event_id == second.event_id


def test_a_rejected_order_leaves_the_sweepers_sight_and_a_placed_one_does_not() -> None:
    rejected, _ = report("release-stock")
    assert rejected.sagas[ORDER].state is SagaState.STUCK
    assert ORDER not in rejected.open
    placed, _ = report("release-stock", "reject-order")
    assert ORDER in placed.open


def test_what_is_stuck_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    report("release-stock")
    assert capsys.readouterr().out.count('"FulfilmentStuck":1') == 2
