"""Compares grants with calls: a permission that nobody needed and one that was missing are told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from tools.base.endpoint import BY_HAND

_ROLE = re.compile(r"arn:[\w-]+:(?:sts|iam)::\d*:(?:assumed-)?role/([^/]+)/(.+)")
_SUFFIX = re.compile(
    r"(?:[0-9A-F]{8,}(?:-[0-9A-F]{11,13})?|[0-9a-f]{8}-[0-9a-f]{11,13})"
    r"(?:-[0-9A-Za-z]{6})?(?=$|[/:*])"
)
"""What the CDK and a deployment add to a name, a secret's own six characters included."""
_ID = re.compile(r"(?<=/)[0-9a-f]{7}(?=$|[/:])|(?<=/stream)/.*")
"""What AppConfig calls its parts, and a table its stream."""
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
    """Why what fits these patterns needs no exercise: see ``unexercised.toml``."""

    role: str
    action: str
    resource: str
    reason: str

    def covers(self, it: Grant | Call) -> bool:
        """Whether it is about this; resources have their plain names."""
        return (
            fnmatchcase(it.role, self.role)
            and fnmatchcase(it.action, self.action)
            and fnmatchcase(it.resource, self.resource)
        )


@dataclass(frozen=True, slots=True)
class Compared:
    """``unused`` and ``refused`` have no reason; ``stale`` are reasons that cover nothing."""

    exercised: tuple[Grant, ...]
    explained: tuple[Grant, ...]
    unused: tuple[Grant, ...]
    refused: tuple[Call, ...]
    stale: tuple[Reason, ...]

    @property
    def holds(self) -> bool:
        """Whether every permission is needed, or says why it is there, and none was missing."""
        return not (self.unused or self.refused or self.stale)


def compare(
    deployments: Iterable[tuple[Iterable[Grant], Iterable[Call]]],
    unexercised: Iterable[Reason] = (),
    meant: Iterable[Reason] = (),
) -> Compared:
    """Of several deployments of the same system, by plain names: one that used a grant is enough.

    ``unexercised`` are about grants, ``meant`` about calls that tests have refused on purpose. A
    reason for what is exercised after all is stale.
    """
    granted: set[Grant] = set()
    used: set[Grant] = set()
    denied: set[Call] = set()
    for grants, calls in deployments:
        by_role: dict[str, list[Call]] = {}
        for call in set(calls):
            if call.allowed:
                by_role.setdefault(call.role, []).append(call)
            else:
                denied.add(replace(call, resource=plain(call.resource)))
        for grant in set(grants):
            it = replace(grant, resource=plain(grant.resource))
            granted.add(it)
            if any(map(grant.allows, by_role.get(grant.role, ()))):
                used.add(it)
    idle = granted - used
    unexercised, meant = tuple(unexercised), tuple(meant)
    needed = {reason for reason in unexercised if any(map(reason.covers, idle))}
    needed |= {reason for reason in meant if any(map(reason.covers, denied))}
    explained = {it for it in idle if any(reason.covers(it) for reason in unexercised)}
    return Compared(
        exercised=tuple(sorted(used)),
        explained=tuple(sorted(explained)),
        unused=tuple(sorted(idle - explained)),
        refused=tuple(
            sorted(it for it in denied if not any(reason.covers(it) for reason in meant))
        ),
        stale=tuple(it for it in (*unexercised, *meant) if it not in needed),
    )


def grants_of(role: str, document: Mapping[str, Any]) -> Iterator[Grant]:
    """What a policy allows a role, each action on each resource by itself."""
    for statement in _listed(document.get("Statement", [])):
        if statement.get("Effect") == "Allow":
            for action in _listed(statement.get("Action", [])):
                for resource in _listed(statement.get("Resource", "*")):
                    yield Grant(role, action, resource)


def calls_in(lines: Iterable[str]) -> Iterator[Call]:
    """What the emulator noted of roles' own functions: a test that takes a role is none."""
    for line in lines:
        principal, action, resource, allowed = json.loads(line)
        if (match := _ROLE.match(principal)) and match[2] != BY_HAND:
            yield Call(match[1], action, resource, allowed)


def plain(resource: str) -> str:
    """A resource's name without account, region, and what makes a deployment's names its own."""
    return _ID.sub("", _SUFFIX.sub("", _PLACE.sub(r"\1:", resource)))


@cache
def _pattern(text: str) -> re.Pattern[str]:
    escaped = re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped, re.DOTALL)


def _matches(value: str, pattern: str) -> bool:
    return _pattern(pattern).fullmatch(value) is not None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
