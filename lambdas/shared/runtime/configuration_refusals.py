"""What a service's validator refused lately, as its log has it: each with path and rule."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from shared.runtime import clock, log
from shared.runtime.configuration import Violation
from shared.runtime.plain_text import plain

REFUSED = "document refused"
"""The log's message by which a refusal is found again."""
LONGEST_PATH, LONGEST_RULE, LONGEST_FOUND = 200, 200, 80
"""Characters of each: a document is as long, and as hostile, as somebody wrote it."""
MOST_RULES = 20
"""How many rules of one document are written down."""

KEPT = timedelta(hours=24)
"""How far back refusals are looked for; a log that keeps less tells less."""
MOST = 20
"""How many are told, the newest ones."""
_PAGES = 4


class Refusal(msgspec.Struct, frozen=True):
    """A rule that a document did not keep; ``path`` is a JSON Pointer into the profile."""

    at: str
    profile: str
    version: str | None
    path: str
    rule: str
    found: str


class Rule(msgspec.Struct, frozen=True):
    """A rule that a document does not keep, as it is told."""

    path: str
    rule: str
    found: str


class _Line(msgspec.Struct, frozen=True):
    timestamp: str
    message: str
    profile: str
    violations: list[Rule]
    version: str | None = None


_line = msgspec.json.Decoder(_Line)


def write(profile: str, version: str | None, violations: Iterable[Violation]) -> None:
    """Let the log keep what a document is refused for."""
    told = [msgspec.to_builtins(told_as(it)) for it in violations][:MOST_RULES]
    log.error(REFUSED, profile=profile, version=version, violations=told)


def told_as(violation: Violation) -> Rule:
    """Bounded, and without what acts on whoever reads it."""
    return Rule(
        plain(violation.pointer, LONGEST_PATH),
        plain(violation.rule, LONGEST_RULE),
        plain(repr(violation.value), LONGEST_FOUND),
    )


def refusals(client: Any, log_group: str, now: str) -> tuple[Sequence[Refusal], bool]:
    """The newest ones first, and whether there are more. ``client`` is a botocore Logs client."""
    found: list[Refusal] = []
    cut = True
    since = clock.parse_time(now) - KEPT
    request: dict[str, Any] = {
        "logGroupName": log_group,
        "filterPattern": f'"{REFUSED}"',
        "startTime": int(since.timestamp() * 1000),
    }
    for _ in range(_PAGES):
        answer = client.filter_log_events(**request)
        for event in answer["events"]:
            found += _of_line(event["message"])
        if not answer.get("nextToken"):
            cut = False
            break
        request["nextToken"] = answer["nextToken"]
    newest = sorted(found, key=lambda it: it.at, reverse=True)
    return newest[:MOST], cut or len(found) > MOST


def _of_line(text: str) -> Iterator[Refusal]:
    """The refusals of one line; whatever else is logged is none."""
    try:
        line = _line.decode(text)
    except msgspec.DecodeError:
        return
    if line.message != REFUSED:
        return
    for it in line.violations:
        yield Refusal(
            line.timestamp,
            line.profile,
            line.version,
            it.path,
            it.rule,
            it.found,
        )
