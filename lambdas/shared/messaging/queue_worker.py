"""Carries out the commands of a queue: every one is answered on the bus, or parked with a reason.

A service gives a mapping from command type to a form and a function, and gets its Lambda handler's
body. What the function may count on: the form is valid, and what it must hold to: carrying out the
same command again changes nothing more and leads to the same outcome.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

from shared.messaging.bus import Bus, Unsendable, check_sendable, reply_to
from shared.messaging.dead_letters import MAX_REASON, DeadLetters, as_reason
from shared.messaging.envelope import Envelope, caused_by, decode, subject_of
from shared.messaging.retries import Retries, failures_of
from shared.messaging.sqs_batch import settle_each
from shared.messaging.traced import QUEUE, made_in, of_record, processing
from shared.runtime import log
from shared.runtime.tracing.spans import Span

FormT = TypeVar("FormT")
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class IntegrationEvent:
    """Something that happened because of a command, in the past tense."""

    type: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended: ``done`` or ``refused``; both are final."""

    outcome: str
    reason: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[IntegrationEvent, ...] = ()


def done(data: Mapping[str, Any] | None = None, *events: IntegrationEvent) -> Outcome:
    """It was carried out, now or by an earlier delivery."""
    return Outcome("done", None, data or {}, events)


def refused(
    reason: str, data: Mapping[str, Any] | None = None, *events: IntegrationEvent
) -> Outcome:
    """The business says no; ``reason`` is a code such as ``out-of-stock``."""
    return Outcome("refused", reason, data or {}, events)


@dataclass(frozen=True, slots=True)
class CommandType(Generic[FormT]):
    """A command that the service takes: the form of its data, and what carries it out.

    ``carry_out`` gets the form and the envelope. It raises for what may pass: the message then
    comes again, and after the last attempt the reply is ``failed`` and the message is kept
    with the dead letters. None says that the answer is not known yet: whoever ends the work sends
    integration events and reply, by ``messages_of``.
    """

    form: type[FormT]
    carry_out: Callable[[FormT, Envelope], Outcome | None]


class QueueWorker:
    """Works through one queue; ``retries`` says how often a command may fail before it is given up.

    What the queue delivers without a failure of the worker counts for nothing.
    """

    def __init__(
        self,
        commands: Mapping[str, CommandType[Any]],
        bus: Bus,
        dead_letters: DeadLetters,
        retries: Retries,
    ) -> None:
        self._commands = commands
        self._bus = bus
        self._dead_letters = dead_letters
        self._retries = retries

    def handle(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out a batch of SQS records; the answer names those that must come again."""
        return settle_each(event, self._settled, self._retries)

    def _settled(self, record: Mapping[str, Any]) -> bool:
        try:
            command = decode(record["body"])
            # Every command gets an answer: what could not even be told that it failed is none.
            check_sendable(reply_to(command, "failed", "gave-up", {"detail": "x" * MAX_REASON}))
        except (msgspec.DecodeError, ValueError) as malformed:
            self._dead_letters.park(record["body"], f"not a command: {malformed}", "queue-worker")
            return True
        queue, again = of_record(record)
        with processing(command, QUEUE, queue, again=again) as span:
            return self._answered(record, made_in(span, command), span)

    def _answered(self, record: Mapping[str, Any], command: Envelope, span: Span) -> bool:
        try:
            outcome = self._carry_out(command)
            if outcome is not None:
                self._bus.put(messages_of(command, outcome))
        except Unsendable as never:
            span.error = type(never).__name__
            return self._give_up(record, command, f"its answer cannot be sent: {never}")
        except Exception as error:
            span.error = type(error).__name__
            return self._give_up_or_try_again(record, command, error)
        ended = outcome.outcome if outcome is not None else "begun"
        log.info(
            "command carried out",
            **_shown(command),
            outcome=ended,
            reason=outcome.reason if outcome is not None else None,
        )
        log.metric("CommandsCarriedOut", 1, outcome=ended)
        return True

    def _carry_out(self, command: Envelope) -> Outcome | None:
        known = self._commands.get(command.type)
        if known is None:
            return refused("unknown-command", detail(f"no command {command.type!r} here"))
        if command.schema_version > SCHEMA_VERSION:
            return refused("unsupported-version", detail(f"up to version {SCHEMA_VERSION}"))
        try:
            form = msgspec.convert(command.data, known.form)
        except msgspec.ValidationError as invalid:
            return refused("invalid-command", detail(str(invalid)))
        return known.carry_out(form, command)

    def _give_up_or_try_again(
        self, record: Mapping[str, Any], command: Envelope, error: Exception
    ) -> bool:
        failures = failures_of(record) + 1
        log.error(
            "command failed",
            **_shown(command),
            error=type(error).__name__,
            attempt=failures,
        )
        if not self._retries.are_used_up(record):
            return False
        reason = f"failed {failures} times, last with {type(error).__name__}"
        return self._give_up(record, command, reason)

    def _give_up(self, record: Mapping[str, Any], command: Envelope, reason: str) -> bool:
        self._bus.put([reply_to(command, "failed", "gave-up", detail(reason))])
        self._dead_letters.park(record["body"], reason, "queue-worker")
        return True


def _shown(command: Envelope) -> dict[str, Any]:
    """What a log line says of a command: its subject's id, unless that is named like a field."""
    name, named = subject_of(command)
    return {name: named, "type": command.type, "correlation_id": command.correlation_id}


def detail(text: str) -> dict[str, str]:
    """A reply's data that says more about its reason, in a line of bounded length."""
    return {"detail": as_reason(text)}


def messages_of(command: Envelope, outcome: Outcome) -> list[Envelope]:
    """What the bus gets when a command has ended: integration events, and last the one reply."""
    return [*integration_events_of(command, outcome), _reply(command, outcome)]


def integration_events_of(command: Envelope, outcome: Outcome) -> list[Envelope]:
    """The events as messages; ids follow from the command's, so a repetition is recognised."""
    name, named = subject_of(command)
    return [
        caused_by(
            command,
            event.type,
            str(uuid.uuid5(uuid.UUID(command.event_id), event.type)),
            {name: named, **event.data},
        )
        for event in outcome.events
    ]


def _reply(command: Envelope, outcome: Outcome) -> Envelope:
    return reply_to(command, outcome.outcome, outcome.reason, dict(outcome.data))
