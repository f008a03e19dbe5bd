"""Changing something that an owner lets operators change: planned first, and then done once."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Protocol

import msgspec

from console.domain.plan import (
    NothingToChange,
    Outlook,
    Overtaken,
    Plan,
    Scalar,
    Wish,
    check,
)
from console.ports import Claims
from shared.runtime import clock

Clock = Callable[[], str]
LIFE = timedelta(minutes=5)
"""How long a plan can be confirmed."""
LONGEST_CHANGE = timedelta(minutes=1)
"""After it, nobody is at work any more who has begun and never said that it was done."""
SHA256 = r"^[0-9a-f]{64}\Z"


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What every request for a change says; an action's own form adds its parameters.

    ``plan`` and ``expires_at`` are as the plan has them, and only for what is to be done.
    """

    dry_run: bool
    plan: Annotated[str, msgspec.Meta(pattern=SHA256)] | None = None
    expires_at: Annotated[str, msgspec.Meta(max_length=40)] | None = None

    def __post_init__(self) -> None:
        if self.dry_run and (self.plan is not None or self.expires_at is not None):
            raise ValueError("a dry run makes a plan and brings none")

    @property
    def parameters(self) -> dict[str, Any]:
        """The action's own part of the request, as JSON has it."""
        said: dict[str, Any] = msgspec.to_builtins(self)
        return {name: it for name, it in said.items() if name not in Change.__struct_fields__}


class Action(Protocol):
    """Something that operators can change.

    Its ``name`` is the last part of its path, and ``subject`` the first, such as ``consumers``. Of
    one target of a subject, one change is made at a time. ``named_by`` are the path's parameters
    that name the target.
    """

    name: ClassVar[str]
    subject: ClassVar[str]
    named_by: ClassVar[tuple[str, ...]]
    form: ClassVar[type[Change]]

    def look(self, target: str, asked: Any) -> Outlook:
        """What it would do now; changes nothing. ``asked`` is of the action's form.

        Raises:
            NoSuchTarget: there is nothing of that name.
            NothingToChange: there is nothing to do, and the text says why.
            Unanswered: an owner does not answer.
        """

    def carry_out(self, target: str, asked: Any, outlook: Outlook) -> Mapping[str, Scalar]:
        """Do what was looked at, and nothing more; what came of it.

        Raises:
            Overtaken: the owner refuses, since something has happened in between.
            Unanswered: an owner does not answer: nobody knows what was done.
        """


def plan(action: Action, wish: Wish, asked: Change, now: str) -> Plan:
    """What the action would do. Raises as ``Action.look`` does."""
    return Plan(now, _later(now, LIFE), wish, action.look(wish.target, asked))


def confirm(
    action: Action, wish: Wish, asked: Change, claims: Claims, now: Clock
) -> Mapping[str, Scalar]:
    """Do what was planned, if it is still what would be planned, and nobody else does.

    A plan that was made before another change of the same target had ended is not confirmed,
    whatever state that one left: who planned it has not seen what came of it. The target is claimed
    before its owner is asked: of two who confirm at once, only one looks, and a look that holds
    what it finds, as that at a queue does, is in nobody's way.

    Raises:
        Overtaken: there is no such plan, it is over, or something has happened since.
        NoSuchTarget, Unanswered: as ``Action`` raises them.
    """
    began = now()
    made_at = _planned_at(asked.expires_at, clock.parse_time(began))
    assert asked.expires_at is not None
    subject = f"{action.subject}/{wish.target}"
    ends = _later(began, LONGEST_CHANGE)
    last_end = claims.claim(subject, planned_before=made_at, until=ends)
    if last_end is None:
        raise Overtaken(
            "a change of the same was confirmed since this was planned, or is at work still"
        )
    try:
        outlook = _as_planned(action, wish, asked, asked.expires_at)
    except Exception:
        claims.end(subject, until=ends, ended_at=last_end)
        raise
    try:
        result = action.carry_out(wish.target, asked, outlook)
    except Overtaken:
        claims.end(subject, until=ends, ended_at=now())
        raise
    claims.end(subject, until=ends, ended_at=now())
    return result


def _as_planned(action: Action, wish: Wish, asked: Change, expires_at: str) -> Outlook:
    """What would be done now, if that is what was planned; raises as ``confirm`` does."""
    try:
        outlook = action.look(wish.target, asked)
    except NothingToChange as nothing:
        raise Overtaken(str(nothing)) from nothing
    check(asked.plan, wish, outlook.state, expires_at)
    return outlook


def _later(moment: str, span: timedelta) -> str:
    return clock.later(moment, span.total_seconds())


def _planned_at(expires_at: str | None, now: datetime) -> str:
    """When the plan was made that ends then; raises Overtaken if there is none any more."""
    if expires_at is None:
        raise Overtaken("there is no plan: ask for one first")
    try:
        end = clock.parse_time(expires_at)
    except ValueError as malformed:
        raise Overtaken("no plan ends at such a time") from malformed
    if end <= now:
        raise Overtaken("the plan is over: it could be confirmed for five minutes")
    if end > now + LIFE:
        raise Overtaken("no plan ends as late as that")
    return clock.format_time(end - LIFE)
