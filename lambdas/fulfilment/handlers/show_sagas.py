"""For operators that only look: an order's saga step by step, or the sagas that are open."""

from dataclasses import asdict
from typing import Annotated, Any

import msgspec

from fulfilment import commands
from fulfilment.adapters.state_machine import StateMachine
from fulfilment.commands import ShownSaga
from fulfilment.domain.saga import SentCommand
from fulfilment.domain.steps import STEPS
from fulfilment.environment import ShownSagasEnvironment
from fulfilment.handlers.storage import sagas
from shared.runtime import aws
from shared.runtime.environment import load
from shared.runtime.patterns import Uuid
from shared.runtime.plain_text import plain
from shared.runtime.tracing.invocations import invocation

LONGEST_REASON = 300
MOST_NAMED = 20
"""Orders whose sagas are told besides the open ones."""
EVER = "9999"
"""After every time that a saga can be due at."""


class ShowSagas(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request: of one order; of those that have ``ended``, how; or else of all that are open,
    and besides of ``order_ids``.
    """

    order_id: Uuid | None = None
    ended: bool = False
    order_ids: Annotated[list[Uuid], msgspec.Meta(max_length=MOST_NAMED)] = []


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Of an order ``{saga: {order_id, state, attempt, execution, started_at, waits_for,
    correlation_id, causation_id, steps}}``, where saga is null if there is none.

    A step is ``{step, command, command_id, owner, undoes, sent_at, outcome, reason, answered_at}``.
    Neither tokens nor what a command says or is answered with are told.

    Of all, ``{sagas: [{order_id, state, attempt, started_at, waits_for, steps}, ...], counted,
    capped}``, of which ``counted`` are open, and ``capped`` says whether there may be more. Their
    steps are ``{step, undoes, sent_at, outcome, answered_at}``.

    Of those that have ended, ``{counts, looked_at, since, capped}``, see ``EndedSagas``.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
        botocore.exceptions.ClientError: Step Functions or DynamoDB does not answer.
    """
    asked = msgspec.convert(event, ShowSagas)
    store = sagas(load(ShownSagasEnvironment))
    if asked.ended:
        return asdict(commands.count_ended(store, _machine()))
    if asked.order_id is not None:
        found = commands.show_saga(store, asked.order_id)
        return {"saga": _whole(found) if found else None}
    shown, counted = commands.list_open(store, EVER)
    listed = {it.saga.order_id for it in shown}
    named = [it for it in dict.fromkeys(asked.order_ids) if it not in listed]
    besides = [it for it in (commands.show_saga(store, order) for order in named) if it]
    return {
        "sagas": [_line(it) | {"steps": _brief(it)} for it in [*shown, *besides]],
        "counted": counted,
        "capped": counted == commands.MOST_COUNTED,
    }


def _machine() -> StateMachine:
    arn = load(ShownSagasEnvironment).state_machine_arn
    return StateMachine(aws.brief_client("stepfunctions"), arn)


def _line(shown: ShownSaga) -> dict[str, Any]:
    return {
        "order_id": shown.saga.order_id,
        "state": shown.saga.state,
        "attempt": shown.saga.attempt,
        "started_at": shown.started_at,
        "waits_for": shown.waits_for,
    }


def _brief(shown: ShownSaga) -> list[dict[str, Any]]:
    told = ("step", "undoes", "sent_at", "outcome", "answered_at")
    return [{name: step[name] for name in told} for step in map(_step, shown.sent)]


def _whole(shown: ShownSaga) -> dict[str, Any]:
    return {
        **_line(shown),
        "execution": shown.saga.execution_name,
        "correlation_id": shown.saga.context.correlation_id,
        "causation_id": shown.saga.context.causation_id,
        "steps": [_step(it) for it in shown.sent],
    }


def _step(sent: SentCommand) -> dict[str, Any]:
    step = STEPS.get(sent.step)
    reply = sent.reply
    return {
        "step": sent.step,
        "command": step.command if step else None,
        "command_id": sent.command_id,
        "owner": step.owner if step else None,
        "undoes": list(step.undoes) if step else [],
        "sent_at": sent.sent_at,
        "outcome": reply.outcome if reply else None,
        "reason": plain(reply.reason, LONGEST_REASON) if reply and reply.reason else None,
        "answered_at": reply.occurred_at if reply else None,
    }
