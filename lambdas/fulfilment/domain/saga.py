"""What is known of one order's saga: the commands that it sent, and how each was answered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fulfilment.domain.steps import STEPS

FINAL = frozenset({"done", "refused"})
CONFIRMED = "order-confirmed"
"""Why an order cannot be rejected whose undoing should never have begun."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An owner's answer. ``outcome`` is done, refused or failed; only the first two are final."""

    outcome: str
    reason: str | None
    data: Mapping[str, Any]
    occurred_at: str

    @property
    def is_final(self) -> bool:
        """Whether asking again would lead to the same answer."""
        return self.outcome in FINAL


@dataclass(frozen=True, slots=True)
class SentCommand:
    """A step's command: its data, who waits for the answer, and the answer so far."""

    order_id: str
    step: str
    command_id: str
    data: Mapping[str, Any]
    token: str
    sent_at: str
    reply: Reply | None = None


class SagaState(StrEnum):
    """RUNNING may have lost its execution; STUCK waits for an operator."""

    RUNNING = "running"
    STUCK = "stuck"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class MessageContext:
    """What every message of the saga carries on: ids of the journey that the order began."""

    correlation_id: str
    causation_id: str
    traceparent: str


@dataclass(frozen=True, slots=True)
class Saga:
    """One order's saga. ``attempt`` counts its executions; ``due_at`` is when it is missed."""

    order_id: str
    context: MessageContext
    state: SagaState = SagaState.RUNNING
    attempt: int = 1
    due_at: str = ""

    @property
    def execution_name(self) -> str:
        """The order's id for the first execution, then ``{order_id}.2`` and so on."""
        return execution_name(self.order_id, self.attempt)


@dataclass(frozen=True, slots=True)
class StuckSaga:
    """An order whose undoing an operator has to settle, and since when."""

    order_id: str
    since: str


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An undo that an operator has to settle, named as in ``STEPS``, and why it failed."""

    step: str
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a new execution takes over; steps are named as in ``STEPS``."""

    done: tuple[str, ...] = ()
    possibly: tuple[str, ...] = ()
    undoing: bool = False
    cause: str = field(default="")


@dataclass(frozen=True, slots=True)
class Line:
    """So much of a product."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to, as coarsely as carriers need."""

    country: str
    postcode_area: str


@dataclass(frozen=True, slots=True)
class OrderToFulfil:
    """What the steps need of an order that is still placed, named as in OrderPlaced.

    ``total`` is in minor units of the currency.
    """

    customer_id: str
    lines: tuple[Line, ...]
    currency: str
    total: int
    weight_grams: int
    ship_to: Destination


def execution_name(order_id: str, attempt: int) -> str:
    """How the execution of an attempt is called."""
    return order_id if attempt == 1 else f"{order_id}.{attempt}"


def order_of(its_execution_name: str) -> tuple[str, int]:
    """The order and the attempt that an execution's name stands for."""
    order_id, _, attempt = its_execution_name.partition(".")
    return order_id, int(attempt or 1)


def progress(sent: Iterable[SentCommand]) -> Progress:
    """What has been done, what may have been done, and whether undoing has begun.

    A command without a final answer may have been carried out, or may yet be.
    """
    by_step = {command.step: command for command in sent}
    forward = [
        by_step[step.name] for step in STEPS.values() if not step.undoes and step.name in by_step
    ]
    refusal = next((c.reply for c in forward if c.reply and c.reply.outcome == "refused"), None)
    return Progress(
        done=tuple(c.step for c in forward if c.reply and c.reply.outcome == "done"),
        possibly=tuple(c.step for c in forward if not (c.reply and c.reply.is_final)),
        undoing=any(STEPS[step].undoes for step in by_step if step in STEPS),
        cause=(refusal.reason or "refused") if refusal else "interrupted",
    )


def unsettled(sent: Iterable[SentCommand]) -> tuple[Unsettled, ...]:
    """The undos of a stuck saga that are not done, in the order in which they are asked for."""
    by_step = {command.step: command for command in sent}
    touched = {*progress(by_step.values()).done, *progress(by_step.values()).possibly}
    if "capture-payment" in touched:
        touched.discard("authorize-payment")  # what was captured is refunded, and not voided
    found = []
    for step in STEPS.values():
        if step.name in by_step:
            reason = _why_not_undone(by_step[step.name]) if step.undoes else None
        else:
            reason = "was never asked for" if touched.intersection(step.undoes) else None
        if reason:
            found.append(Unsettled(step.name, reason))
    return tuple(found)


def _why_not_undone(undo: SentCommand) -> str | None:
    match undo.reply:
        case None:
            return "was never answered"
        case Reply(outcome="done"):
            return None
        case Reply(outcome="refused", reason=reason):
            # What was captured all the same is refunded, and what is rejected already stays so.
            settles = undo.step == "void-payment" or (
                undo.step == "reject-order" and reason != CONFIRMED
            )
            return None if settles else f"refused: {reason or 'without a reason'}"
        case Reply(reason=reason):
            return f"failed: {reason or 'without a reason'}"
