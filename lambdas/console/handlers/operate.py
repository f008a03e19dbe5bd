"""POST /v1/.../{action}: what operators change. A dry run plans it, and a second call confirms it.

An action is a file of its own that ``console.commands.changing.Action`` describes, and a line here.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from console.adapters.changing_records import DiscardRecord, ParkRecord
from console.adapters.changing_views import RebuildView, RetireGeneration, TakeViewBack
from console.adapters.dynamodb_claims import DynamoDbClaims
from console.adapters.redriving import RedriveRecords
from console.adapters.redriving_queues import RedriveQueue
from console.adapters.resuming import ResumeSaga
from console.adapters.stopping_rollouts import StopRollout
from console.commands import changing
from console.commands.changing import Action, Change
from console.domain.plan import NoSuchTarget, NothingToChange, Overtaken, Scalar, Wish
from console.environment import OperateEnvironment
from console.handlers.operator import Operator, operator_of
from console.handlers.owners import cards, functions, patient_functions
from console.ports import Unanswered
from shared.runtime import aws, clock, log, problems
from shared.runtime.api import Request, Response, endpoint
from shared.runtime.environment import load
from shared.runtime.problems import Problem

LARGEST = 16_384
"""Bytes of a request."""


@cache
def _actions() -> Mapping[tuple[str, str], Action]:
    owners = (functions(), patient_functions(), lambda: cards().all())
    known: tuple[Action, ...] = (
        RedriveRecords(*owners),
        DiscardRecord(*owners),
        ParkRecord(*owners),
        StopRollout(*owners),
        ResumeSaga(functions(), patient_functions(), _sagas),
        RebuildView(*owners),
        TakeViewBack(*owners),
        RetireGeneration(*owners),
        RedriveQueue(*owners),
    )
    return {(it.subject, it.name): it for it in known}


def _sagas() -> tuple[str, str]:
    environment = load(OperateEnvironment)
    return environment.show_sagas_arn, environment.resume_arn


@cache
def _claims() -> DynamoDbClaims:
    return DynamoDbClaims(aws.brief_client("dynamodb"), load(OperateEnvironment).activity_table)


def _overtaken(refusal: Overtaken) -> Problem:
    return Problem(409, "plan-changed", "This plan cannot be confirmed", str(refusal))


def _nothing(refusal: NothingToChange) -> Problem:
    return Problem(409, "nothing-to-change", "There is nothing to do", str(refusal))


def _no_target(refusal: NoSuchTarget) -> Problem:
    return problems.not_found(refusal.what, str(refusal)[:64])


def _silent(reason: Unanswered) -> Problem:
    return Problem(
        503,
        "unavailable",
        "Its owner does not answer",
        f"{reason}; what was confirmed may still be done: look again in a minute",
    )


@endpoint(
    errors={
        Overtaken: _overtaken,
        NothingToChange: _nothing,
        NoSuchTarget: _no_target,
        Unanswered: _silent,
    }
)
def handler(request: Request) -> Response:
    """200 with a plan, or with what was done; 403 for who may only look; 409 if the plan is over,
    somebody else's, or overtaken.
    """
    operator = operator_of(request)
    if not operator.may_operate:
        log.warning(
            "operator refused", operator=operator.name, correlation_id=_correlation(request)
        )
        raise Problem(403, "forbidden", "You may look, and not operate", "the group operators may")
    action = _action(request)
    asked = _asked(request, action)
    target = "/".join(request.path_parameters.get(name, "") for name in action.named_by)
    wish = Wish(request.customer_id, f"{action.subject}/{action.name}", target, asked.parameters)
    about = {"action": action.name, "target": target}
    if asked.dry_run:
        planned = changing.plan(action, wish, asked, clock.now())
        outlook = planned.outlook
        shown = {"does": outlook.does, "items": outlook.items, "capped": outlook.capped}
        ends = {"digest": planned.digest, "expires_at": planned.expires_at}
        return Response(200, {"as_of": planned.as_of, **about, **shown, **ends})
    result = _confirmed(request, operator, action, wish, asked)
    return Response(200, {"as_of": clock.now(), **about, "result": result})


def _action(request: Request) -> Action:
    parts = request.path.strip("/").split("/")
    action = _actions().get((parts[1], parts[-1])) if len(parts) > 2 else None
    if action is None:
        raise problems.not_found("action", parts[-1][:64])
    return action


def _asked(request: Request, action: Action) -> Change:
    if len(request.body) > LARGEST:
        detail = f"a change is asked for in {LARGEST} bytes at most"
        raise Problem(413, "too-large", "The request is too large", detail)
    return request.json(action.form)


def _confirmed(
    request: Request, operator: Operator, action: Action, wish: Wish, asked: Change
) -> Mapping[str, Scalar]:
    """Do it, and log who did what with which result, whatever that was."""
    result: dict[str, Any] = {"result": "failed"}
    try:
        done = changing.confirm(action, wish, asked, _claims(), clock.now)
        result = {"result": "done", **done}
    except (Overtaken, NoSuchTarget) as refusal:
        result = {"result": "refused", "reason": str(refusal)[:200]}
        raise
    except Unanswered as silent:
        result = {"result": "unknown", "reason": str(silent)[:200]}
        raise
    finally:
        log.info(
            "operator confirmed a change",
            operator=operator.name,
            action=wish.action,
            target=wish.target[:128],
            plan=asked.plan,
            correlation_id=_correlation(request),
            outcome=result,
        )
    return done


def _correlation(request: Request) -> str:
    return request.trace.correlation_id
