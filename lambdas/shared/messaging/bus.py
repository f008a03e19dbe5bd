"""Integration events and replies onto the bus."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError

from shared.messaging.envelope import MAX_NAME, Envelope, caused_by, encode, subject_of
from shared.runtime.payloads import MAX_EVENT_BYTES
from shared.runtime.product import source_of

MAX_ENTRIES = 10
MAX_BYTES = 256 * 1024
"""PutEvents takes ten entries in one call, and we count on it only while all of them together are
smaller than 256 KB (EventBridge quotas)."""
REFUSED_FOR_GOOD = ("InvalidArgument", "MalformedDetail", "ValidationException")
"""What EventBridge answers for an entry, or a call, that it will never take."""
Entry = dict[str, str]
Park = Callable[[Envelope, str], None]


class BusUnavailable(Exception):
    """The bus refused some of the messages; sending them again is harmless."""


class Unsendable(ValueError):
    """The bus takes no such message, however often it is sent."""


class Bus:
    """The way onto the event bus for one service. ``client`` is a botocore EventBridge client."""

    def __init__(self, client: Any, bus_name: str, service: str) -> None:
        self._client = client
        self._bus_name = bus_name
        self._source = source_of(service)

    def put(self, messages: Sequence[Envelope]) -> None:
        """Put every message on the bus.

        Raises:
            Unsendable: the bus will never take one of them. If that can be told beforehand, none
                was sent; if only the bus could tell, the others were.
            BusUnavailable: it refuses some now.
        """
        for message in messages:
            check_sendable(message)
        if refused := self._send(messages):
            codes = {code for _, code in refused}
            raise Unsendable(f"refused by the bus: {', '.join(sorted(codes))}")

    def put_each(self, messages: Iterable[Envelope], park: Park) -> None:
        """The same for messages that have nothing to do with each other.

        What the bus will never take goes to ``park``, with the reason, and stops no other.

        Raises:
            BusUnavailable: it refuses some now.
        """
        sendable = []
        for message in messages:
            try:
                check_sendable(message)
            except Unsendable as never:
                park(message, str(never))
            else:
                sendable.append(message)
        for message, code in self._send(sendable):
            park(message, f"refused by the bus: {code}")

    def _send(self, messages: Sequence[Envelope]) -> list[tuple[Envelope, str]]:
        """What was refused for good, with the code; all the rest is on the bus."""
        return [
            refused
            for call in _calls((message, self._entry(message)) for message in messages)
            for refused in self._put(call)
        ]

    def _put(self, call: Sequence[tuple[Envelope, Entry]]) -> list[tuple[Envelope, str]]:
        try:
            answer = self._client.put_events(Entries=[entry for _, entry in call])
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in REFUSED_FOR_GOOD:
                raise
            if len(call) == 1:
                return [(call[0][0], code)]
            # The whole call was refused because of one of them: the others go on without it.
            return [refused for each in call for refused in self._put([each])]
        if not answer["FailedEntryCount"]:
            return []
        refused = [
            (message, result["ErrorCode"])
            for (message, _), result in zip(call, answer["Entries"], strict=True)
            if "ErrorCode" in result
        ]
        passing = {code for _, code in refused} - set(REFUSED_FOR_GOOD)
        if passing:
            raise BusUnavailable(f"refused: {', '.join(sorted(passing))}")
        return refused

    def _entry(self, message: Envelope) -> Entry:
        return {
            "EventBusName": self._bus_name,
            "Source": self._source,
            "DetailType": message.type,
            "Detail": encode(message).decode(),
        }


def check_sendable(message: Envelope) -> None:
    """Raises Unsendable, with the reason, for a message that the bus would never take."""
    if not 0 < len(message.type) <= MAX_NAME:  # nobody who hears the bus would read it
        raise Unsendable(f"a type has 1 to {MAX_NAME} characters, not {len(message.type)}")
    try:
        size = len(encode(message))
    except (UnicodeEncodeError, ValueError, OverflowError, RecursionError) as unwritable:
        raise Unsendable(f"cannot be written: {type(unwritable).__name__}") from unwritable
    if size > MAX_EVENT_BYTES:
        raise Unsendable(f"{size} bytes are more than the bus takes")


def _calls(pairs: Iterable[tuple[Envelope, Entry]]) -> Iterator[list[tuple[Envelope, Entry]]]:
    """The messages that go in one call together, with their entries."""
    call: list[tuple[Envelope, Entry]] = []
    size = 0
    for message, entry in pairs:
        weight = sum(len(entry[part].encode()) for part in ("Source", "DetailType", "Detail"))
        if call and (len(call) == MAX_ENTRIES or size + weight >= MAX_BYTES):
            yield call
            call, size = [], 0
        call.append((message, entry))
        size += weight
    if call:
        yield call


def reply_to(
    command: Envelope, outcome: str, reason: str | None = None, data: dict[str, Any] | None = None
) -> Envelope:
    """The ``CommandReplied`` that answers a queued command.

    ``outcome`` is ``done``, ``refused`` or ``failed``. The id follows from the command's id and the
    outcome, so that a repeated answer is recognised.
    """
    name, named = subject_of(command)
    return caused_by(
        command,
        "CommandReplied",
        str(uuid.uuid5(uuid.UUID(command.event_id), f"reply:{outcome}")),
        {
            name: named if isinstance(named, str) else command.aggregate_id,
            "command_id": command.event_id,
            "outcome": outcome,
            "reason": reason,
            "data": data or {},
        },
    )
