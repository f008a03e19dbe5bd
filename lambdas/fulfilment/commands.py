"""What fulfilment does besides deciding: start sagas, pass commands and replies on, resume."""

import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Literal

from fulfilment.domain.saga import (
    MessageContext,
    OrderToFulfil,
    Progress,
    Reply,
    Saga,
    SagaState,
    SentCommand,
    StuckSaga,
    Unsettled,
    order_of,
    progress,
    unsettled,
)
from fulfilment.domain.steps import PIVOT, STEPS, command_id, step_of
from fulfilment.ports import (
    EndedExecutions,
    Executions,
    Owners,
    PlacedOrders,
    SagaStore,
    UnknownCommand,
)
from orders_language.messages import about_order
from shared.messaging.bus import Bus
from shared.messaging.envelope import Envelope
from shared.messaging.traced import going_on
from shared.runtime import clock, log
from shared.runtime.tracing.spans import INTERNAL

Clock = Callable[[], str]
REFUSED = "Refused"
FAILED = "CommandFailed"
"""Errors that the state machine knows: an answer that is final, and one that is not."""
UNKNOWN = "OrderUnknown"
"""The execution has to look at the order before there is anything to send."""

ATTEMPTS_AT_ONCE = 3
"""An execution that failed is resumed at once so many times; later the sweeper takes its time."""
LOOKED_BACK = timedelta(days=7)
"""How far back the first look for orders without a saga goes."""
MOST_LISTED = 100
"""Stuck sagas in one answer."""
MOST_SHOWN, MOST_COUNTED = 50, 500
"""Open sagas in one answer, and as many as are counted."""
MOST_ENDED = 200
"""Executions that succeeded, of which it is told how they ended."""
UNKNOWN_END = "unknown"
LONGEST_PAUSE = 6
"""Pauses between a sweeper's attempts double up to 2**6 times the deadline."""


class SagaNotFound(Exception):
    """There is no saga of this order."""


class SagaStillRunning(Exception):
    """Its execution is running: a second one would do the same work."""


def start_saga(
    store: SagaStore,
    executions: Executions,
    now: Clock,
    deadline: int,
    placed: Envelope,
    order: Callable[[str], OrderToFulfil | None] | None = None,
) -> Saga:
    """Record that the order's saga begins, then start its execution; repeating it changes nothing.

    ``deadline`` is in seconds: the sweeper looks after sagas that are older. ``order`` reads an
    order that is still placed. What it does not know, the execution reads itself.
    """
    journey = MessageContext(placed.correlation_id, placed.event_id, placed.traceparent)
    saga = store.begin(Saga(placed.aggregate_id, journey, due_at=clock.later(now(), deadline)))
    if saga.state is SagaState.RUNNING and saga.attempt == 1:
        executions.start(saga, Progress(), order(saga.order_id) if order else None)
    return saga


@dataclass(frozen=True, slots=True)
class StepRequest:
    """What the state machine asks for: send this step's command, answer to this token.

    An execution to which nobody brought its order has no ``data`` yet.
    """

    order_id: str
    step: str
    token: str
    journey: MessageContext
    data: Mapping[str, Any] | Literal["order-unknown"]


def send_command(
    store: SagaStore, executions: Executions, owners: Owners, now: Clock, asked: StepRequest
) -> None:
    """Keep the token, then send the command, unless its final answer is known already.

    A command that was sent once keeps its id and its data, whatever a later try brings.
    """
    step = STEPS[asked.step]
    if isinstance(asked.data, str):
        executions.fail(asked.token, UNKNOWN, "nobody brought the order along")
        return
    sent = store.keep_token(
        SentCommand(
            order_id=asked.order_id,
            step=step.name,
            command_id=command_id(asked.order_id, step.name),
            data={"order_id": asked.order_id, **asked.data},
            token=asked.token,
            sent_at=now(),
        )
    )
    if sent.reply and sent.reply.is_final:
        _answer(store, executions, sent, sent.reply)
        happened = "answer known before was given"
    else:
        owners.send(step.owner, _message(step.command, sent, asked.journey))
        happened = "command sent"
    log.info(
        happened,
        order_id=sent.order_id,
        step=sent.step,
        correlation_id=asked.journey.correlation_id,
    )


def take_reply(store: SagaStore, executions: Executions, message: Envelope) -> SentCommand:
    """Keep a command's answer, then give it to the execution that waits.

    Raises:
        UnknownCommand: no saga here sent such a command.
    """
    data = message.data
    order_id, its_command_id = data.get("order_id"), data.get("command_id")
    step = _step_answered(order_id, its_command_id)
    reply = Reply(data["outcome"], data.get("reason"), data.get("data") or {}, message.occurred_at)
    sent = store.keep_reply(str(order_id), step, reply)
    answer = sent.reply or reply
    if not answer.is_final and answer.occurred_at <= sent.sent_at:
        log.metric("StaleRepliesIgnored", 1)  # of an earlier try: the present one is under way
        return sent
    _answer(store, executions, sent, answer)
    return sent


def owner_asked(order_id: object, its_command_id: object) -> str | None:
    """The service that a command was sent to; None if no order's saga sends such a command."""
    try:
        return STEPS[_step_answered(order_id, its_command_id)].owner
    except UnknownCommand:
        return None


def resume(
    store: SagaStore, executions: Executions, now: Clock, deadline: int, order_id: str
) -> Saga:
    """Start a new execution that takes over where the last one ended.

    Raises:
        SagaNotFound: there is no saga of this order.
        SagaStillRunning: its execution runs, or has just been resumed by somebody else.
    """
    saga = store.saga(order_id)
    if saga is None:
        raise SagaNotFound(order_id)
    if executions.status(saga) == "RUNNING":
        raise SagaStillRunning(saga.execution_name)
    pause = deadline * 2 ** min(saga.attempt, LONGEST_PAUSE)
    begun = store.begin_attempt(saga, clock.later(now(), pause))
    if begun is None:
        raise SagaStillRunning(saga.execution_name)
    context = begun.context
    # What goes on later, perhaps by an operator's hand, does not make the old trace longer.
    with going_on(
        context.traceparent, "resume saga", INTERNAL, context.correlation_id, {}, again=True
    ) as span:
        journey = replace(context, traceparent=span.context.traceparent)
        executions.start(replace(begun, context=journey), progress(store.commands(order_id)))
    log.info("saga resumed", order_id=order_id, execution=begun.execution_name)
    log.metric("SagasResumed", 1)
    return begun


def resume_interrupted(
    store: SagaStore, executions: Executions, now: Clock, deadline: int, its_execution_name: str
) -> None:
    """An execution failed, timed out or was aborted: go on, unless an operator is to decide."""
    order_id, attempt = order_of(its_execution_name)
    saga = store.saga(order_id)
    if saga is None or saga.attempt != attempt or saga.state is not SagaState.RUNNING:
        return
    if attempt >= ATTEMPTS_AT_ONCE:
        log.warning("saga left to the sweeper", order_id=order_id, attempt=attempt)
        return
    try:
        resume(store, executions, now, deadline, order_id)
    except SagaStillRunning:
        return


def sweep(
    store: SagaStore, executions: Executions, now: Clock, deadline: int, due_before: str
) -> int:
    """Resume every overdue saga whose execution no longer runs; returns how many.

    Those that wait for an operator are counted, each time: no alarm may forget them.

    Raises:
        Exception: the first failure, after every other saga was looked after.
    """
    resumed = 0
    first_error: Exception | None = None
    for saga in store.overdue(due_before):
        try:
            resumed += _look_after(store, executions, now, deadline, saga)
        except Exception as error:
            log.error("saga not swept", order_id=saga.order_id, error=type(error).__name__)
            first_error = first_error or error
    log.metric("SagasSwept", resumed)
    log.metric("StuckSagas", sum(1 for _ in store.stuck()))
    if first_error is not None:
        raise first_error
    return resumed


def _look_after(
    store: SagaStore, executions: Executions, now: Clock, deadline: int, saga: Saga
) -> bool:
    """Whether an overdue saga had to be resumed."""
    match executions.status(saga):
        case "RUNNING":
            store.postpone(saga, clock.later(now(), deadline))
            return False
        case "SUCCEEDED":
            store.mark_ended(saga.order_id)
            return False
        case None if saga.attempt == 1:
            executions.start(saga, Progress())  # recorded, but never started
            return True
    try:
        resume(store, executions, now, deadline, saga.order_id)
    except SagaStillRunning:
        return False
    return True


def start_missed(
    store: SagaStore,
    executions: Executions,
    orders: PlacedOrders,
    now: Clock,
    deadline: int,
    is_time_left: Callable[[], bool],
) -> int:
    """Start the saga of every placed order that has none; returns how many.

    An order may have been placed before the rule of the bus existed by which fulfilment hears of
    it, or while somebody had switched that off: no retry brings it. So each hour is looked through
    once, when it is an hour old; the first time, those of the last LOOKED_BACK.
    """
    end = clock.parse_time(now()) - timedelta(hours=1)
    begin = store.looked_until()
    hour = _hour(clock.parse_time(begin) if begin else end - LOOKED_BACK)
    started = 0
    while hour + timedelta(hours=1) <= end and is_time_left():
        placed_in_it = orders.placed_in(clock.format_time(hour)[:13])
        for order_id in store.without_saga(placed_in_it):
            placed = orders.order_placed(order_id)
            if placed is None:
                continue
            start_saga(store, executions, now, deadline, placed)
            log.warning("saga was missing", order_id=order_id)
            started += 1
        hour += timedelta(hours=1)
        store.note_looked_until(clock.format_time(hour))
    log.metric("SagasMissed", started)
    return started


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Stuck:
    """What an execution could not undo; steps are named as in ``STEPS``."""

    order_id: str
    execution: str
    journey: MessageContext
    failed_undo: tuple[str, ...]
    done: tuple[str, ...]
    possibly: tuple[str, ...]
    cause: str


def report_stuck(store: SagaStore, bus: Bus, now: Clock, stuck: Stuck) -> None:
    """Tell the bus, and so the operators, what has to be resumed by hand."""
    store.mark_stuck(stuck.order_id, now(), settled="reject-order" not in stuck.failed_undo)
    message = about_order(
        "FulfilmentStuck",
        stuck.order_id,
        {
            "execution": stuck.execution,
            "failed_undo": list(stuck.failed_undo),
            "done": list(stuck.done),
            "possibly": list(stuck.possibly),
            "cause": stuck.cause,
        },
        event_id=str(uuid.uuid5(uuid.UUID(stuck.order_id), f"stuck:{stuck.execution}")),
        occurred_at=now(),
        correlation_id=stuck.journey.correlation_id,
        causation_id=stuck.journey.causation_id,
        traceparent=stuck.journey.traceparent,
    )
    bus.put([message])
    log.error("fulfilment is stuck", order_id=stuck.order_id, failed_undo=stuck.failed_undo)
    log.metric("FulfilmentStuck", 1)


def list_stuck(
    store: SagaStore, after: StuckSaga | None
) -> tuple[list[tuple[StuckSaga, tuple[Unsettled, ...]]], StuckSaga | None]:
    """Sagas that wait for an operator, longest first, with what is to be settled of each.

    At most MOST_LISTED of them; the second is the last one, if there are more to go on with.
    """
    found = list(islice(store.stuck(after), MOST_LISTED + 1))
    listed = found[:MOST_LISTED]
    more = listed[-1] if len(found) > MOST_LISTED else None
    return [(saga, unsettled(store.commands(saga.order_id))) for saga in listed], more


@dataclass(frozen=True, slots=True)
class ShownSaga:
    """A saga with the commands that it has sent, in the order in which it sent them."""

    saga: Saga
    sent: tuple[SentCommand, ...]

    @property
    def started_at(self) -> str | None:
        """When it sent its first command; None if it has sent none."""
        return self.sent[0].sent_at if self.sent else None

    @property
    def waits_for(self) -> str | None:
        """The step that was sent last and has no final answer."""
        waiting = (it.step for it in reversed(self.sent) if not (it.reply and it.reply.is_final))
        return next(waiting, None)


def show_saga(store: SagaStore, order_id: str) -> ShownSaga | None:
    """An order's saga and its steps so far, for operators; None if there is none."""
    saga = store.saga(order_id)
    if saga is None:
        return None
    return ShownSaga(saga, tuple(sorted(store.commands(order_id), key=lambda it: it.sent_at)))


def list_open(store: SagaStore, ever: str) -> tuple[list[ShownSaga], int]:
    """Sagas that wait for an operator, then those of orders that may still be placed: MOST_SHOWN at
    most, and how many there are.

    ``ever`` is a time after every deadline. No more than MOST_COUNTED are counted.
    """
    stuck = (it.order_id for it in islice(store.stuck(), MOST_COUNTED))
    still_open = (it.order_id for it in islice(store.overdue(ever), MOST_COUNTED))
    found = list(dict.fromkeys((*stuck, *still_open)))[:MOST_COUNTED]
    shown = (show_saga(store, it) for it in found[:MOST_SHOWN])
    return [it for it in shown if it is not None], len(found)


@dataclass(frozen=True, slots=True)
class EndedSagas:
    """How the sagas ended that did so last: ``counts`` by end, of ``looked_at`` of them, the oldest
    of which ended ``since``. ``capped`` says that more have ended before.
    """

    counts: Mapping[str, int]
    looked_at: int
    since: str | None
    capped: bool


def count_ended(store: SagaStore, executions: EndedExecutions) -> EndedSagas:
    """By what became of their orders, of MOST_ENDED executions at most.

    A saga that was resumed has several executions, and is counted once. One whose end nobody noted
    is counted as UNKNOWN_END.
    """
    found, capped = executions.ended(MOST_ENDED)
    ended_at = {order_of(name)[0]: at for name, at in reversed(found)}
    ends = store.ends(list(ended_at))
    counts = Counter(it or UNKNOWN_END for it in ends.values())
    since = min((ended_at[it] for it in ends), default=None)
    return EndedSagas(dict(sorted(counts.items())), len(ends), since, capped)


def _step_answered(order_id: object, its_command_id: object) -> str:
    try:
        step = step_of(str(order_id), str(its_command_id))
    except ValueError as not_a_uuid:
        raise UnknownCommand(f"{its_command_id!r} of order {order_id!r}") from not_a_uuid
    if step is None:
        raise UnknownCommand(f"{its_command_id!r} of order {order_id!r}")
    return step.name


def _answer(store: SagaStore, executions: Executions, command: SentCommand, reply: Reply) -> None:
    """The confirmation closes the saga first: its execution has nothing to do after that."""
    match reply.outcome:
        case "done":
            if command.step == PIVOT:
                store.close(command.order_id)
            executions.succeed(command.token, reply.data)
        case "refused":
            executions.fail(command.token, REFUSED, reply.reason or "refused")
        case _:
            executions.fail(command.token, FAILED, reply.reason or "failed")


def _message(command: str, sent: SentCommand, journey: MessageContext) -> Envelope:
    return about_order(
        command,
        sent.order_id,
        sent.data,
        event_id=sent.command_id,
        occurred_at=sent.sent_at,
        correlation_id=journey.correlation_id,
        causation_id=journey.causation_id,
        traceparent=journey.traceparent,
    )
