"""Facts and replies onto the bus."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from shared import clock
from shared.envelope import Envelope, encode

MAX_ENTRIES = 10
MAX_BYTES = 256 * 1024
"""PutEvents takes ten entries in one call, and we count on no more than 256 KB for all of them
together (EventBridge quotas)."""
Entry = dict[str, str]


class BusUnavailable(Exception):
    """The bus refused some of the messages; sending them again is harmless."""


class Bus:
    """The way onto the event bus for one service. ``client`` is a botocore EventBridge client."""

    def __init__(self, client: Any, bus_name: str, service: str) -> None:
        self._client = client
        self._bus_name = bus_name
        self._source = f"parcelworks.{service}"

    def put(self, messages: Sequence[Envelope]) -> None:
        """Put every message on the bus. Raises BusUnavailable if it refuses any."""
        for entries in _calls(map(self._entry, messages)):
            answer = self._client.put_events(Entries=entries)
            if answer["FailedEntryCount"]:
                codes = {e["ErrorCode"] for e in answer["Entries"] if "ErrorCode" in e}
                raise BusUnavailable(f"refused: {', '.join(sorted(codes))}")

    def _entry(self, message: Envelope) -> Entry:
        return {
            "EventBusName": self._bus_name,
            "Source": self._source,
            "DetailType": message.type,
            "Detail": encode(message).decode(),
        }


def _calls(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """The entries that go in one call together."""
    call: list[Entry] = []
    size = 0
    for entry in entries:
        weight = sum(len(entry[part].encode()) for part in ("Source", "DetailType", "Detail"))
        if call and (len(call) == MAX_ENTRIES or size + weight > MAX_BYTES):
            yield call
            call, size = [], 0
        call.append(entry)
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
    named = command.data.get("order_id")  # of a malformed command it may be anything
    return Envelope(
        event_id=str(uuid.uuid5(uuid.UUID(command.event_id), f"reply:{outcome}")),
        type="CommandReplied",
        schema_version=1,
        aggregate_type=command.aggregate_type,
        aggregate_id=command.aggregate_id,
        version=None,
        occurred_at=clock.now(),
        correlation_id=command.correlation_id,
        causation_id=command.event_id,
        traceparent=command.traceparent,
        data={
            "order_id": named if isinstance(named, str) else command.aggregate_id,
            "command_id": command.event_id,
            "outcome": outcome,
            "reason": reason,
            "data": data or {},
        },
    )
