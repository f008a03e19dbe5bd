"""For operators that only look: an order's saga step by step, or the sagas that are open."""

from typing import Any

import msgspec

from fulfilment import commands
from fulfilment.commands import ShownSaga
from fulfilment.domain.saga import SentCommand
from fulfilment.domain.steps import STEPS
from fulfilment.environment import TokenEnvironment
from fulfilment.handlers.storage import sagas
from shared.runtime.environment import load
from shared.runtime.patterns import Uuid
from shared.runtime.plain_text import plain

LONGEST_REASON = 300
EVER = "9999"
"""After every time that a saga can be due at."""


class ShowSagas(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request: of one order, or else of all that are open."""

    order_id: Uuid | None = None


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Of an order ``{saga: {order_id, state, attempt, execution, started_at, waits_for,
    correlation_id, causation_id, steps}}``, where saga is null if there is none.

    A step is ``{step, command, command_id, owner, undoes, sent_at, outcome, reason, answered_at}``.
    Neither tokens nor what a command says or is answered with are told.

    Of all, ``{sagas: [{order_id, state, attempt, started_at, waits_for}, ...], counted, capped}``,
    of which ``capped`` says whether there may be more than are counted.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
    """
    asked = msgspec.convert(event, ShowSagas)
    store = sagas(load(TokenEnvironment))
    if asked.order_id is not None:
        found = commands.show_saga(store, asked.order_id)
        return {"saga": _whole(found) if found else None}
    shown, counted = commands.list_open(store, EVER)
    return {
        "sagas": [_line(it) for it in shown],
        "counted": counted,
        "capped": counted == commands.MOST_COUNTED,
    }


def _line(shown: ShownSaga) -> dict[str, Any]:
    return {
        "order_id": shown.saga.order_id,
        "state": shown.saga.state,
        "attempt": shown.saga.attempt,
        "started_at": shown.started_at,
        "waits_for": shown.waits_for,
    }


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
