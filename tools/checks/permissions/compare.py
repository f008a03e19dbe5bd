"""Compares grants with calls: a permission that nobody needed and one that was missing are told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, TypeVar

from tools.base.endpoint import BY_HAND

T = TypeVar("T", "Grant", "Call")
_ROLE = re.compile(r"arn:[\w-]+:(?:sts|iam)::\d*:(?:assumed-)?role/([^/]+)/(.+)")
_SUFFIX = re.compile(
    r"(?:[0-9A-F]{8,}(?:-[0-9A-F]{11,13})?|[0-9a-f]{8}-?[0-9a-f]{11,13})"
    r"(?:-[0-9A-Za-z]{6})?(?=$|[/:*])"
)
"""What the CDK and a deployment add to a name, a secret's own six characters included."""
_ID = re.compile(
    r"(?<=/)[0-9a-f]{7}(?=$|[/:])|(?<=apis/)[0-9a-f]{26}|(?<=:key/)[0-9a-f-]{36}|(?<=/stream)/.*"
)
"""What AppConfig calls its parts, AppSync an API, KMS a key, and a table its stream."""
_BATCH = re.compile(r"^(sqs:\w+)Batch$")
"""A batch is an action for the emulator, and the offline copy allows it with the message's own; IAM
knows only the latter.
"""
_PLACE = re.compile(r"^(arn:[\w-]+:[\w-]+):[\w-]*:\d*:")


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """``role`` may do ``action`` to ``resource``, each of which may be a pattern as IAM's are."""

    role: str
    action: str
    resource: str

    def allows(self, call: Call) -> bool:
        """Whether it is this that lets the call through, if its conditions hold."""
        return (
            self.role == call.role
            and _matches(call.action.lower(), self.action.lower())
            and _matches(call.resource, self.resource)
        )


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """What a role wanted to do, and whether it might."""

    role: str
    action: str
    resource: str
    allowed: bool


@dataclass(frozen=True, slots=True)
class Reason:
    """Why what fits one pattern of each kind needs no exercise: see ``unexercised.toml``."""

    roles: tuple[str, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    reason: str

    def covers(self, it: Grant | Call) -> bool:
        """Whether it is about this; roles and resources have their plain names."""
        return (
            _fits(it.role, self.roles)
            and _fits(it.action, self.actions)
            and _fits(it.resource, self.resources)
        )

    def __str__(self) -> str:
        patterns = (" ".join(it) for it in (self.roles, self.actions, self.resources))
        return f"{', '.join(patterns)}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Reasons:
    """What needs no exercise.

    Attributes:
        unexercised: why no test uses these grants.
        alike: grants that one piece of code uses, wherever it runs: of those with the same action
            one that is exercised is enough.
        refused: about calls that are refused although nothing is missing.
    """

    unexercised: tuple[Reason, ...] = ()
    alike: tuple[Reason, ...] = ()
    refused: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """``exercised`` are grants that were used, or one alike. ``unused`` and ``refused`` have no
    reason; ``stale`` are reasons that cover nothing, and ``contradicted`` are grants that were
    used, each with the reason why they never are.
    """

    exercised: tuple[Grant, ...]
    explained: tuple[Grant, ...]
    unused: tuple[Grant, ...]
    refused: tuple[Call, ...]
    stale: tuple[Reason, ...]
    contradicted: tuple[tuple[Grant, Reason], ...]

    @property
    def holds(self) -> bool:
        """Whether every permission is needed, or says why it is there, and none was missing."""
        return not (self.unused or self.refused or self.stale or self.contradicted)


def compare(
    deployments: Iterable[tuple[Iterable[Grant], Iterable[Call]]], reasons: Reasons = Reasons()
) -> Compared:
    """Of several deployments of one system, by plain names: one that used a grant is enough."""
    granted: set[Grant] = set()
    used: set[Grant] = set()
    denied: set[Call] = set()
    for grants, calls in deployments:
        by_role: dict[str, list[Call]] = {}
        for call in set(calls):
            if call.allowed:
                by_role.setdefault(call.role, []).append(call)
            else:
                denied.add(replace(call, role=plain(call.role), resource=plain(call.resource)))
        for grant in set(grants):
            it = replace(grant, role=plain(grant.role), resource=plain(grant.resource))
            granted.add(it)
            if any(map(grant.allows, by_role.get(grant.role, ()))):
                used.add(it)
    exercised = used.union(_like_what_is_used(granted, used, reasons.alike))
    explained = _covered(granted - exercised, reasons.unexercised)
    return Compared(
        exercised=tuple(sorted(exercised)),
        explained=tuple(sorted(explained)),
        unused=tuple(sorted(granted - exercised - explained)),
        refused=tuple(sorted(denied - _covered(denied, reasons.refused))),
        stale=(
            *_about_nothing(reasons.unexercised, granted - used),
            *_about_nothing(reasons.alike, granted),
            *_about_nothing(reasons.refused, denied),
        ),
        contradicted=tuple(
            (it, reason)
            for it in sorted(used)
            for reason in reasons.unexercised
            if reason.covers(it)
        ),
    )


def _like_what_is_used(
    granted: set[Grant], used: set[Grant], alike: Iterable[Reason]
) -> Iterator[Grant]:
    for reason in alike:
        kind = _covered(granted, [reason])
        shown = {it.action for it in kind & used}
        yield from (it for it in kind if it.action in shown)


def _about_nothing(reasons: Iterable[Reason], them: set[T]) -> Iterator[Reason]:
    return (reason for reason in reasons if not _covered(them, [reason]))


def _covered(them: set[T], reasons: Iterable[Reason]) -> set[T]:
    return {it for it in them for reason in reasons if reason.covers(it)}


def grants_of(role: str, document: Mapping[str, Any]) -> Iterator[Grant]:
    """What a policy allows a role, each action on each resource by itself."""
    for statement in _listed(document.get("Statement", [])):
        if statement.get("Effect") == "Allow":
            for action in _listed(statement.get("Action", [])):
                for resource in _listed(statement.get("Resource", "*")):
                    yield Grant(role, _BATCH.sub(r"\1", action), resource)


def calls_in(lines: Iterable[str]) -> Iterator[Call]:
    """What the emulator noted of roles' own functions: a test that takes a role is none."""
    for line in lines:
        principal, action, resource, allowed = json.loads(line)
        if (match := _ROLE.match(principal)) and match[2] != BY_HAND:
            yield Call(match[1], _BATCH.sub(r"\1", action), resource, allowed)


def plain(name: str) -> str:
    """A name without account, region, and what makes a deployment's names its own."""
    return _SUFFIX.sub("", _ID.sub("", _PLACE.sub(r"\1:", name)))


@cache
def _pattern(text: str) -> re.Pattern[str]:
    escaped = re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped, re.DOTALL)


def _matches(value: str, pattern: str) -> bool:
    return _pattern(pattern).fullmatch(value) is not None


def _fits(value: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(value, it) for it in patterns)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
