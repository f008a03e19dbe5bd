"""What keeps a saga going: commands are sent, answers reach who waits, and nothing is lost."""

from collections.abc import Mapping

import pytest
from msgspec import structs

from fulfilment import commands
from fulfilment.commands import SagaNotFound, SagaStillRunning, StepRequest
from fulfilment.domain.saga import Destination, Line, OrderToFulfil, Progress, Saga, SagaState
from fulfilment.domain.steps import command_id
from fulfilment.ports import UnknownCommand
from shared.messaging.envelope import Envelope
from shared.runtime import clock
from tests.support.examples.fulfilment import CONTEXT, ELEVEN, NINE, ORDER, PLACED, TEN, reply
from tests.support.fakes.in_memory_sagas import FakeExecutions, FakeOwners, InMemorySagas

DEADLINE = 600
ORDERED = OrderToFulfil("c", (Line("MUG-BLUE", 2),), "EUR", 2580, 700, Destination("DE", "10"))
LINES = {"lines": [{"sku": "MUG-BLUE", "quantity": 2}]}


class Fulfilment:
    """Fulfilment with fakes around it, at ten o'clock."""

    def __init__(self) -> None:
        self.store = InMemorySagas()
        self.executions = FakeExecutions()
        self.owners = FakeOwners()

    def start(self) -> None:
        commands.start_saga(self.store, self.executions, lambda: TEN, DEADLINE, PLACED)

    def send(self, step: str, token: str, data: Mapping[str, object] | None = None) -> None:
        asked = StepRequest(ORDER, step, token, CONTEXT, data or {})
        commands.send_command(self.store, self.executions, self.owners, lambda: TEN, asked)

    def take(self, answer: Envelope) -> None:
        commands.take_reply(self.store, self.executions, answer)

    def resume(self) -> None:
        commands.resume(self.store, self.executions, lambda: TEN, DEADLINE, ORDER)

    def interrupt(self, name: str, status: str = "FAILED") -> None:
        self.executions.statuses[name] = status
        commands.resume_interrupted(self.store, self.executions, lambda: TEN, DEADLINE, name)

    def sweep(self, due_before: str = ELEVEN) -> int:
        return commands.sweep(self.store, self.executions, lambda: TEN, DEADLINE, due_before)


@pytest.fixture
def fulfilment() -> Fulfilment:
    return Fulfilment()


def test_a_placed_order_starts_one_execution_that_bears_its_id(fulfilment: Fulfilment) -> None:
    fulfilment.start()
    fulfilment.start()
    assert fulfilment.executions.started == [(ORDER, Progress())]


def test_an_execution_is_given_what_its_starter_has_read(fulfilment: Fulfilment) -> None:
    commands.start_saga(
        fulfilment.store,
        fulfilment.executions,
        lambda: TEN,
        DEADLINE,
        PLACED,
        {ORDER: ORDERED}.get,
    )
    assert fulfilment.executions.orders == {ORDER: ORDERED}


def test_what_goes_on_looks_at_the_order_first(fulfilment: Fulfilment) -> None:
    fulfilment.start()
    fulfilment.interrupt(ORDER)
    assert fulfilment.executions.orders[f"{ORDER}.2"] is None


@pytest.mark.parametrize(
    ("outcome", "state"),
    [("done", SagaState.ENDED), ("refused", SagaState.RUNNING), ("failed", SagaState.RUNNING)],
)
def test_the_confirmation_closes_the_saga_and_no_other_answer_does(
    fulfilment: Fulfilment, outcome: str, state: SagaState
) -> None:
    fulfilment.start()
    for step in ("reserve-stock", "confirm-order"):
        fulfilment.send(step, f"token of {step}")
    fulfilment.take(reply("reserve-stock", "done"))
    assert fulfilment.store.sagas[ORDER].state is SagaState.RUNNING
    fulfilment.take(reply("confirm-order", outcome, "order-cancelled"))
    assert fulfilment.store.sagas[ORDER].state is state
    assert (ORDER in fulfilment.store.open) == (state is SagaState.RUNNING)


def test_a_confirmation_that_is_known_before_closes_a_saga_that_was_resumed(
    fulfilment: Fulfilment,
) -> None:
    fulfilment.start()
    fulfilment.send("confirm-order", "first")
    fulfilment.take(reply("confirm-order", "done"))
    fulfilment.executions.statuses[ORDER] = "ABORTED"
    fulfilment.resume()
    assert fulfilment.store.sagas[ORDER].state is SagaState.RUNNING
    fulfilment.send("confirm-order", "second")
    assert fulfilment.store.sagas[ORDER].state is SagaState.ENDED
    assert fulfilment.executions.answers[-1][0] == "second"


def test_a_starter_that_died_after_its_record_starts_the_execution_when_it_comes_again(
    fulfilment: Fulfilment,
) -> None:
    fulfilment.start()
    fulfilment.executions = FakeExecutions()
    fulfilment.start()
    assert [name for name, _ in fulfilment.executions.started] == [ORDER]


def test_a_command_goes_to_its_owner_with_an_id_that_follows_from_order_and_step(
    fulfilment: Fulfilment,
) -> None:
    fulfilment.send("reserve-stock", "token", LINES)
    [(owner, command)] = fulfilment.owners.sent
    assert (owner, command.type) == ("inventory", "ReserveStock")
    assert command.event_id == command_id(ORDER, "reserve-stock")
    assert command.data == {"order_id": ORDER, **LINES}
    assert (command.correlation_id, command.causation_id) == (
        CONTEXT.correlation_id,
        CONTEXT.causation_id,
    )


def test_a_command_once_sent_never_changes(fulfilment: Fulfilment) -> None:
    fulfilment.send("reject-order", "first", {"reason": "payment-declined"})
    fulfilment.send("reject-order", "second", {"reason": "interrupted"})
    [(_, first), (_, second)] = fulfilment.owners.sent
    assert second.data == first.data
    assert second.event_id == first.event_id


def test_an_answer_goes_to_the_token_of_the_latest_try(fulfilment: Fulfilment) -> None:
    fulfilment.send("gather-quotes", "first")
    fulfilment.send("gather-quotes", "second")
    fulfilment.take(reply("gather-quotes", "done", data={"best": {"carrier": "swift"}}))
    assert fulfilment.executions.answers == [("second", {"best": {"carrier": "swift"}})]


def test_a_refusal_fails_the_step_with_its_reason(fulfilment: Fulfilment) -> None:
    fulfilment.send("reserve-stock", "token", LINES)
    fulfilment.take(reply("reserve-stock", "refused", "out-of-stock"))
    assert fulfilment.executions.answers == [("token", ("Refused", "out-of-stock"))]


@pytest.mark.parametrize(
    ("outcome", "answer"), [("done", {}), ("refused", ("Refused", "out-of-stock"))]
)
def test_a_command_whose_final_answer_is_known_is_not_sent_again(
    fulfilment: Fulfilment, outcome: str, answer: object
) -> None:
    fulfilment.send("reserve-stock", "first", LINES)
    fulfilment.take(reply("reserve-stock", outcome, "out-of-stock" if answer else None))
    fulfilment.send("reserve-stock", "second", LINES)
    assert len(fulfilment.owners.sent) == 1
    assert fulfilment.executions.answers[-1] == ("second", answer)


def test_after_a_failure_the_next_try_asks_again(fulfilment: Fulfilment) -> None:
    fulfilment.send("capture-payment", "first")
    fulfilment.take(reply("capture-payment", "failed", "gave-up"))
    fulfilment.send("capture-payment", "second")
    assert len(fulfilment.owners.sent) == 2
    fulfilment.take(reply("capture-payment", "done"))
    assert fulfilment.executions.answers == [
        ("first", ("CommandFailed", "gave-up")),
        ("second", {}),
    ]


def test_a_failure_of_an_earlier_try_does_not_fail_the_present_one(fulfilment: Fulfilment) -> None:
    fulfilment.send("capture-payment", "present")
    fulfilment.take(reply("capture-payment", "failed", "gave-up", at=NINE))
    assert fulfilment.executions.answers == []


def test_a_final_answer_is_never_replaced(fulfilment: Fulfilment) -> None:
    fulfilment.send("capture-payment", "token")
    fulfilment.take(reply("capture-payment", "done"))
    fulfilment.take(reply("capture-payment", "failed", "gave-up"))
    fulfilment.send("capture-payment", "again")
    assert fulfilment.executions.answers[-1] == ("again", {})


@pytest.mark.parametrize("order_id", [ORDER, "not-an-id", None, 7])
def test_an_answer_that_nobody_asked_for_is_named_as_such(
    fulfilment: Fulfilment, order_id: object
) -> None:
    stray = reply("reserve-stock", "done")
    stray.data["order_id"] = order_id
    with pytest.raises(UnknownCommand):
        fulfilment.take(stray)


def test_a_resumed_saga_carries_what_is_done_and_what_may_be(fulfilment: Fulfilment) -> None:
    fulfilment.start()
    fulfilment.send("reserve-stock", "t1", LINES)
    fulfilment.take(reply("reserve-stock", "done"))
    fulfilment.send("authorize-payment", "t2")
    fulfilment.executions.statuses[ORDER] = "FAILED"
    fulfilment.resume()
    expected = Progress(("reserve-stock",), ("authorize-payment",), False, "interrupted")
    assert fulfilment.executions.started[1:] == [(f"{ORDER}.2", expected)]


def test_a_step_that_failed_may_have_been_done_and_a_refused_one_was_not(
    fulfilment: Fulfilment,
) -> None:
    fulfilment.start()
    for step, outcome in (
        ("reserve-stock", "done"),
        ("authorize-payment", "failed"),
        ("gather-quotes", "refused"),
    ):
        fulfilment.send(step, "token")
        fulfilment.take(reply(step, outcome, outcome))
    fulfilment.executions.statuses[ORDER] = "FAILED"
    fulfilment.resume()
    _, taken_over = fulfilment.executions.started[-1]
    assert taken_over == Progress(("reserve-stock",), ("authorize-payment",), False, "refused")


def test_a_resumed_saga_goes_on_undoing_once_an_undo_was_sent(fulfilment: Fulfilment) -> None:
    fulfilment.start()
    fulfilment.send("reserve-stock", "t1", LINES)
    fulfilment.take(reply("reserve-stock", "done"))
    fulfilment.send("authorize-payment", "t2")
    fulfilment.take(reply("authorize-payment", "refused", "payment-declined"))
    fulfilment.send("release-stock", "t3")
    fulfilment.executions.statuses[ORDER] = "FAILED"
    fulfilment.resume()
    expected = Progress(("reserve-stock",), (), True, "payment-declined")
    assert fulfilment.executions.started[1:] == [(f"{ORDER}.2", expected)]


def test_a_running_saga_is_not_resumed(fulfilment: Fulfilment) -> None:
    fulfilment.start()
    with pytest.raises(SagaStillRunning):
        fulfilment.resume()


def test_an_order_without_a_saga_has_nothing_to_resume(fulfilment: Fulfilment) -> None:
    with pytest.raises(SagaNotFound):
        fulfilment.resume()


def test_two_who_resume_at_once_start_one_execution(fulfilment: Fulfilment) -> None:
    fulfilment.start()
    fulfilment.executions.statuses[ORDER] = "FAILED"
    stale = fulfilment.store.sagas[ORDER]
    fulfilment.resume()
    fulfilment.executions.statuses[f"{ORDER}.2"] = "FAILED"
    assert fulfilment.store.begin_attempt(stale, ELEVEN) is None


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_an_interrupted_execution_is_resumed_at_once(fulfilment: Fulfilment, status: str) -> None:
    fulfilment.start()
    fulfilment.interrupt(ORDER, status)
    assert [name for name, _ in fulfilment.executions.started] == [ORDER, f"{ORDER}.2"]


def test_news_of_an_execution_that_was_resumed_already_changes_nothing(
    fulfilment: Fulfilment,
) -> None:
    fulfilment.start()
    fulfilment.interrupt(ORDER)
    fulfilment.interrupt(ORDER)
    assert len(fulfilment.executions.started) == 2


def test_a_saga_that_fails_again_and_again_is_left_to_the_sweeper(fulfilment: Fulfilment) -> None:
    fulfilment.start()
    for name in (ORDER, f"{ORDER}.2", f"{ORDER}.3"):
        fulfilment.interrupt(name)
    assert len(fulfilment.executions.started) == 3
    assert fulfilment.sweep("2027-01-01T00:00:00.000Z") == 1


def test_a_stuck_saga_waits_for_its_operator(fulfilment: Fulfilment) -> None:
    fulfilment.start()
    fulfilment.store.mark_stuck(ORDER, NINE, settled=True)
    fulfilment.interrupt(ORDER)
    assert fulfilment.sweep() == 0
    assert len(fulfilment.executions.started) == 1
    fulfilment.resume()
    assert fulfilment.store.sagas[ORDER].state is SagaState.RUNNING


def test_the_sweeper_counts_what_waits_for_an_operator_until_it_is_resumed(
    fulfilment: Fulfilment, capsys: pytest.CaptureFixture[str]
) -> None:
    fulfilment.start()
    fulfilment.store.mark_stuck(ORDER, NINE, settled=True)
    for _ in range(2):
        fulfilment.sweep()
        assert '"StuckSagas":1' in capsys.readouterr().out
    fulfilment.executions.statuses[ORDER] = "FAILED"
    fulfilment.resume()
    fulfilment.sweep()
    assert '"StuckSagas":0' in capsys.readouterr().out


def test_the_sweeper_takes_a_stuck_saga_whose_order_is_still_placed(
    fulfilment: Fulfilment,
) -> None:
    fulfilment.start()
    fulfilment.executions.statuses[ORDER] = "FAILED"
    fulfilment.store.mark_stuck(ORDER, NINE, settled=False)
    assert fulfilment.sweep() == 1


def test_the_sweeper_leaves_alone_what_runs_and_what_is_not_overdue(
    fulfilment: Fulfilment,
) -> None:
    fulfilment.start()
    assert fulfilment.sweep(TEN) == 0
    assert fulfilment.sweep(ELEVEN) == 0
    assert len(fulfilment.executions.started) == 1


def test_the_sweeper_starts_what_was_recorded_but_never_started(fulfilment: Fulfilment) -> None:
    fulfilment.start()
    fulfilment.executions = FakeExecutions()
    assert fulfilment.sweep() == 1
    assert [name for name, _ in fulfilment.executions.started] == [ORDER]


def test_the_sweeper_closes_a_saga_that_could_not_close_itself(fulfilment: Fulfilment) -> None:
    fulfilment.start()
    fulfilment.executions.statuses[ORDER] = "SUCCEEDED"
    assert fulfilment.sweep() == 0
    assert fulfilment.store.sagas[ORDER].state is SagaState.ENDED
    assert not fulfilment.store.open


@pytest.mark.parametrize("state", [SagaState.ENDED, SagaState.STUCK])
def test_an_order_placed_that_is_told_again_restarts_no_saga_that_came_to_its_end(
    fulfilment: Fulfilment, state: SagaState
) -> None:
    fulfilment.start()
    if state is SagaState.ENDED:
        fulfilment.store.mark_ended(ORDER)
    else:
        fulfilment.store.mark_stuck(ORDER, NINE, settled=True)
    fulfilment.executions = FakeExecutions()  # Step Functions has forgotten the name
    fulfilment.start()
    assert fulfilment.executions.started == []
    assert fulfilment.store.sagas[ORDER].state is state


def test_an_order_placed_that_is_told_again_restarts_no_saga_that_was_resumed(
    fulfilment: Fulfilment,
) -> None:
    fulfilment.start()
    fulfilment.interrupt(ORDER)
    fulfilment.executions = FakeExecutions()
    fulfilment.start()
    assert fulfilment.executions.started == []


def test_a_saga_is_looked_after_once_its_deadline_has_passed(fulfilment: Fulfilment) -> None:
    fulfilment.start()
    assert fulfilment.store.sagas[ORDER].due_at == "2026-12-01T10:10:00.000Z"
    assert fulfilment.sweep("2026-12-01T10:10:00.000Z") == 0
    fulfilment.executions.statuses.clear()
    assert fulfilment.sweep("2026-12-01T10:10:00.001Z") == 1


def test_the_sweeper_resumes_where_the_saga_ended_and_waits_longer_each_time(
    fulfilment: Fulfilment,
) -> None:
    fulfilment.start()
    fulfilment.send("reserve-stock", "t1", LINES)
    fulfilment.take(reply("reserve-stock", "done"))
    fulfilment.executions.started.clear()
    pauses = []
    for attempt in range(1, 10):
        name = ORDER if attempt == 1 else f"{ORDER}.{attempt}"
        fulfilment.executions.statuses[name] = "ABORTED"
        assert fulfilment.sweep("2027-01-01T00:00:00.000Z") == 1
        due = clock.parse_time(fulfilment.store.sagas[ORDER].due_at)
        pauses.append((due - clock.parse_time(TEN)).total_seconds() / DEADLINE)
    expected = Progress(("reserve-stock",), (), False, "interrupted")
    assert fulfilment.executions.started == [(f"{ORDER}.{n}", expected) for n in range(2, 11)]
    assert pauses == [2, 4, 8, 16, 32, 64, 64, 64, 64]


def test_the_sweeper_looks_again_at_what_runs_only_after_another_deadline(
    fulfilment: Fulfilment,
) -> None:
    fulfilment.start()
    fulfilment.executions.started.clear()
    commands.sweep(
        fulfilment.store, fulfilment.executions, lambda: ELEVEN, DEADLINE, "2026-12-01T10:11:00Z"
    )
    assert fulfilment.store.sagas[ORDER].due_at == "2026-12-01T11:10:00.000Z"
    assert fulfilment.executions.started == []


def test_what_others_resumed_meanwhile_is_not_counted_as_swept(fulfilment: Fulfilment) -> None:
    fulfilment.start()
    fulfilment.executions.statuses[ORDER] = "FAILED"
    fulfilment.store.begin_attempt = lambda *_: None  # type: ignore[method-assign]
    assert fulfilment.sweep() == 0


def test_one_saga_that_cannot_be_swept_leaves_the_others_to_be_swept(
    fulfilment: Fulfilment, capsys: pytest.CaptureFixture[str]
) -> None:
    orders = [f"{digit}{ORDER[1:]}" for digit in "123"]
    for order_id in orders:
        placed = structs.replace(PLACED, aggregate_id=order_id)
        commands.start_saga(fulfilment.store, fulfilment.executions, lambda: TEN, DEADLINE, placed)
    fulfilment.executions.started.clear()
    known = fulfilment.executions.status

    def status(saga: Saga) -> str | None:
        if saga.order_id == orders[0]:
            raise TimeoutError("throttled")
        if saga.order_id == orders[1]:
            return "RUNNING"
        return "FAILED" if known(saga) else None

    fulfilment.executions.status = status  # type: ignore[method-assign]
    capsys.readouterr()
    with pytest.raises(TimeoutError):
        fulfilment.sweep()
    assert [name for name, _ in fulfilment.executions.started] == [f"{orders[2]}.2"]
    said = capsys.readouterr().out
    assert f'"order_id":"{orders[0]}"' in said
    assert '"SagasSwept":1' in said


def test_an_execution_that_cannot_be_resumed_is_an_error_for_the_queue(
    fulfilment: Fulfilment,
) -> None:
    fulfilment.start()
    fulfilment.executions.start = unreachable  # type: ignore[method-assign, assignment]
    with pytest.raises(ConnectionError):
        fulfilment.interrupt(ORDER)


def unreachable(*_: object) -> None:
    """Step Functions does not answer."""
    raise ConnectionError


@pytest.mark.parametrize("name", ["7b1b2cb1-9a43-5f4e-8f0a-1d1f3a0f3f12", f"{ORDER}.7"])
def test_news_of_an_execution_that_no_saga_has_changes_nothing(
    fulfilment: Fulfilment, name: str
) -> None:
    fulfilment.start()
    fulfilment.interrupt(name)
    assert len(fulfilment.executions.started) == 1


def test_a_saga_goes_on_in_the_journey_that_the_order_began(fulfilment: Fulfilment) -> None:
    args = (fulfilment.store, fulfilment.executions, lambda: TEN, DEADLINE, PLACED)
    begun = commands.start_saga(*args)
    assert begun.context == CONTEXT
    assert commands.start_saga(*args) == begun == fulfilment.store.sagas[ORDER]


def test_a_resumed_saga_is_counted_and_returned(
    fulfilment: Fulfilment, capsys: pytest.CaptureFixture[str]
) -> None:
    fulfilment.start()
    fulfilment.executions.statuses[ORDER] = "FAILED"
    resumed = commands.resume(fulfilment.store, fulfilment.executions, lambda: TEN, DEADLINE, ORDER)
    assert resumed == fulfilment.store.sagas[ORDER]
    assert '"SagasResumed":1' in capsys.readouterr().out


def test_news_of_an_execution_that_runs_after_all_changes_nothing(fulfilment: Fulfilment) -> None:
    fulfilment.start()
    fulfilment.interrupt(ORDER, "RUNNING")
    assert len(fulfilment.executions.started) == 1


def test_an_answer_to_a_command_that_is_no_step_is_named_as_such(fulfilment: Fulfilment) -> None:
    fulfilment.send("reserve-stock", "token", LINES)
    stray = reply("reserve-stock", "done")
    stray.data["command_id"] = command_id(ORDER, "wash-the-car")
    with pytest.raises(UnknownCommand, match=ORDER):
        fulfilment.take(stray)


def test_of_an_order_that_nobody_brought_nothing_is_kept_or_sent(fulfilment: Fulfilment) -> None:
    asked = StepRequest(ORDER, "reserve-stock", "token", CONTEXT, "order-unknown")
    commands.send_command(
        fulfilment.store, fulfilment.executions, fulfilment.owners, lambda: TEN, asked
    )
    ((token, (error, _)),) = fulfilment.executions.answers
    assert (token, error) == ("token", commands.UNKNOWN)
    assert (fulfilment.store.sent, fulfilment.owners.sent) == ({}, [])


def test_a_late_failure_gives_the_final_answer_once_more(fulfilment: Fulfilment) -> None:
    fulfilment.send("capture-payment", "token")
    fulfilment.take(reply("capture-payment", "done"))
    fulfilment.take(reply("capture-payment", "failed", "gave-up"))
    assert fulfilment.executions.answers == [("token", {}), ("token", {})]


def test_a_failure_at_the_moment_of_sending_is_of_an_earlier_try_and_counted(
    fulfilment: Fulfilment, capsys: pytest.CaptureFixture[str]
) -> None:
    fulfilment.send("capture-payment", "present")
    stale = reply("capture-payment", "failed", "gave-up", at=TEN)
    kept = commands.take_reply(fulfilment.store, fulfilment.executions, stale)
    assert fulfilment.executions.answers == []
    assert kept == fulfilment.store.sent[ORDER, "capture-payment"]
    assert '"StaleRepliesIgnored":1' in capsys.readouterr().out


def test_what_is_kept_of_an_answer_is_returned(fulfilment: Fulfilment) -> None:
    fulfilment.send("capture-payment", "token")
    done = reply("capture-payment", "done")
    kept = commands.take_reply(fulfilment.store, fulfilment.executions, done)
    assert kept == fulfilment.store.sent[ORDER, "capture-payment"]
    assert kept.reply
    assert kept.reply.outcome == "done"
