"""Configuration that changes while the service runs: parsed, checked, and never lost once known.

Documents are deployed by AWS AppConfig and asked for at its agent, which listens beside the
function: in the cloud as an extension, offline as a process with the same HTTP interface. What was
read stays in force until a newer document is both there and right.
"""

import http.client
import re
import time
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from shared.runtime import environment, log
from shared.runtime.environment import load

DocumentT = TypeVar("DocumentT", bound=msgspec.Struct)

MAX_DOCUMENT_BYTES = 1024 * 1024
"""Longer than any document of ours has a reason to be: what is longer is not even parsed."""
FIRST_ANSWER_SECONDS = 2.0
"""How long a cold start waits: the agent may have to fetch the document first."""
LATER_ANSWER_SECONDS = 0.5
"""How long a request waits when there is a value in force anyway."""
RETRY_SECONDS = 1.0
"""How soon a process without any value asks again."""
_AT = re.compile(r"^(?P<rule>.*?)(?: - at `(?P<path>\$[^`]*)`)?$", re.DOTALL)
_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)
_MISSING_FIELD = re.compile(r"Object missing required field `(?P<name>.*)`", re.DOTALL)
_STEP = re.compile(r"\[(?P<index>\d+)\]|\.(?P<name>[^.\[]+)")
_LONGEST_SHOWN = 80


class Violation(msgspec.Struct, frozen=True):
    """One thing wrong with a document: a JSON Pointer into it, the rule, and the value there."""

    pointer: str
    rule: str
    value: Any = None

    def __str__(self) -> str:
        shown = repr(self.value)
        if len(shown) > _LONGEST_SHOWN:
            shown = f"{shown[:_LONGEST_SHOWN]}..."
        words = f"{self.pointer or 'document'}: {self.rule}; found {shown}"
        # A hostile key must not steer the terminal that shows it.
        return "".join(it if it.isprintable() else ascii(it)[1:-1] for it in words)


class Refused(Exception):
    """A document that must not come into force; each violation says where and why."""

    def __init__(self, profile: str, violations: Iterable[Violation]) -> None:
        self.profile = profile
        self.violations = tuple(violations)
        super().__init__(f"{profile}: {'; '.join(map(str, self.violations))}")


class NoConfiguration(Exception):
    """There is no value in force, and the profile's declaration does not allow to begin without."""


class WithoutSource(Enum):
    """What a process does that starts while there is no document to be had."""

    DEFAULT = "packaged default"
    REFUSE = "refuse"


def _nothing_to_check(_document: Any) -> Iterable[Violation]:
    return ()


class Profile(msgspec.Struct, Generic[DocumentT], frozen=True, eq=False):
    """One document of a service: its form, what it may mean, and how to begin without it.

    ``name`` is the profile's name in AppConfig: ``settings`` or ``flags``. ``form`` forbids unknown
    fields and gives each field a default. ``check`` is for what a form cannot say. The same
    ``read`` judges a document before it is deployed, when AppConfig validates it, and when it
    arrives: so nothing is ever in force that any of them refuses.
    """

    name: str
    form: type[DocumentT]
    check: Callable[[DocumentT], Iterable[Violation]] = _nothing_to_check
    without_source: WithoutSource = WithoutSource.DEFAULT

    def read(self, document: bytes) -> DocumentT:
        """Parse and check.

        Raises:
            Refused: naming each path, rule and value.
        """
        if len(document) > MAX_DOCUMENT_BYTES:
            rule = f"at most {MAX_DOCUMENT_BYTES} bytes"
            raise Refused(self.name, [Violation("", rule, len(document))])
        try:
            parsed = msgspec.json.decode(document, type=self.form)
        except msgspec.ValidationError as invalid:
            raise Refused(self.name, [_violation(str(invalid), document)]) from invalid
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as malformed:
            rule = f"JSON ({malformed})"
            raise Refused(self.name, [Violation("", rule, document[:40])]) from malformed
        if violations := tuple(self.check(parsed)):
            raise Refused(self.name, violations)
        return parsed


class AgentEnvironment(msgspec.Struct, frozen=True):
    """Where a function's configuration is."""

    configuration_agent_url: str
    """The address of the AppConfig agent beside the function."""
    configuration_application: str
    """Id of the AppConfig application."""
    configuration_environment: str
    """Id of its environment."""
    configuration_poll_seconds: float
    """After how many seconds a process asks the agent again."""
    configuration_agent_token: str = ""
    """What the agent in a task wants to see before it answers; functions' agents want nothing."""


class _Known(msgspec.Struct):
    """What a process knows of one profile; ``judged`` is the document that it read last."""

    fresh_until: float = 0.0
    document: Any = None
    judged: bytes | None = None
    is_reachable: bool = True


_known: dict[Profile[Any], _Known] = {}


def current(profile: Profile[DocumentT]) -> DocumentT:
    """The value in force. It is asked for again once it is older than the polling interval.

    Raises:
        NoConfiguration: there is none, and the profile refuses to begin without.
        MissingVariable: the function does not know where its configuration is.
    """
    known = _known.get(profile)
    if known is None or time.monotonic() >= known.fresh_until:
        known = _refreshed(profile, known or _Known())
    document: DocumentT | None = known.document
    if document is None:
        raise NoConfiguration(f"{profile.name}: no document can be had, and there is no default")
    return document


def forget() -> None:
    """Let the next read be like the first one of a process."""
    _known.clear()
    environment.forget()


class _Unreachable(Exception):
    """The agent gave no document."""


def _refreshed(profile: Profile[Any], known: _Known) -> _Known:
    agent = load(AgentEnvironment)
    patience = FIRST_ANSWER_SECONDS if known.document is None else LATER_ANSWER_SECONDS
    try:
        document, version = _ask(agent, profile.name, patience)
    except _Unreachable as unreachable:
        if known.is_reachable:
            known.is_reachable = False
            log.warning("configuration unreachable", profile=profile.name, reason=str(unreachable))
            log.metric("ConfigurationUnreachable", 1)
    else:
        if not known.is_reachable:
            known.is_reachable = True
            log.info("configuration reachable again", profile=profile.name)
        if document != known.judged:
            _judge(profile, known, document, version)
    if known.document is None and profile.without_source is WithoutSource.DEFAULT:
        known.document = profile.form()
        log.warning("packaged default in force", profile=profile.name)
    pause = agent.configuration_poll_seconds
    if known.document is None:
        pause = min(pause, RETRY_SECONDS)
    known.fresh_until = time.monotonic() + pause
    _known[profile] = known
    return known


def _judge(profile: Profile[Any], known: _Known, document: bytes, version: str | None) -> None:
    """Put a document into force if it is right; what was in force before stays otherwise."""
    known.judged = document
    try:
        known.document = profile.read(document)
    except Refused as refused:
        violations = list(map(str, refused.violations))
        log.error(
            "configuration refused", profile=profile.name, version=version, violations=violations
        )
        log.metric("ConfigurationRefused", 1)
    else:
        log.info("configuration in force", profile=profile.name, version=version)


def _ask(agent: AgentEnvironment, profile: str, patience: float) -> tuple[bytes, str | None]:
    """The document that the agent has, and its version. Raises _Unreachable."""
    address = urlsplit(agent.configuration_agent_url)
    path = (
        f"/applications/{quote(agent.configuration_application, safe='')}"
        f"/environments/{quote(agent.configuration_environment, safe='')}"
        f"/configurations/{quote(profile, safe='')}"
    )
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=patience)
    try:
        connection.request("GET", path, headers=_authorized(agent.configuration_agent_token))
        answer = connection.getresponse()
        document = answer.read(MAX_DOCUMENT_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        raise _Unreachable(type(error).__name__) from error
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise _Unreachable(f"status {answer.status}")
    if not document:
        raise _Unreachable("an empty answer")
    return document, answer.headers.get("Configuration-Version")


def _authorized(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def _violation(words: str, document: bytes) -> Violation:
    """From msgspec's words, such as ``Expected `int`, got `str` - at `$.max_lines```."""
    match = _AT.match(words)
    assert match
    rule = match["rule"]
    steps: list[str | int] = [
        int(step["index"]) if step["index"] else step["name"]
        for step in _STEP.finditer(match["path"] or "")
    ]
    if named := _UNKNOWN_FIELD.fullmatch(rule):
        steps.append(named["name"])
        rule = "no unknown field"
    elif named := _MISSING_FIELD.fullmatch(rule):
        rule = f"field {named['name']!r} must be there"
    return Violation(_pointer(steps), rule, _value(document, steps))


def _pointer(steps: Iterable[str | int]) -> str:
    escaped = (str(step).replace("~", "~0").replace("/", "~1") for step in steps)
    return "".join(f"/{step}" for step in escaped)


def _value(document: bytes, steps: Iterable[str | int]) -> Any:
    """What is there; None where the path leads nowhere, or the rest of the document is no JSON."""
    try:
        found = msgspec.json.decode(document)
        for step in steps:
            found = found[step]
    except (msgspec.DecodeError, RecursionError, KeyError, IndexError, TypeError):
        return None
    return found
