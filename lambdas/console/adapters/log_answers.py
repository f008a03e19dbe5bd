"""The log as operators see it: a record's place, ids and type, and the fields that may be seen."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from console.adapters.published_reads import ServiceCard
from console.commands.recording import order_of
from console.domain.log_place import LogPlace, PlaceExpired
from console.domain.sealed_text import NotSealed
from console.domain.timeline import flat
from console.ports import Functions
from shared.messaging.envelope import Envelope
from shared.messaging.shown_fields import ShownFields, shown

MOST_FIELDS = 12
"""Of one record: a page shows hundreds."""


class NoSuchShard(Exception):
    """The log has none of that name."""


def log_of(
    functions: Functions,
    show_log: str,
    cards: Sequence[ServiceCard],
    shard: str | None,
    place: LogPlace | None,
    since: str | None,
    now: datetime,
) -> dict[str, Any]:
    """Some records of a shard and where to go on; without a shard, only which there are.

    Raises:
        NoSuchShard, PlaceExpired: as the log's owner says.
        NotSealed: the owner does not know the place.
        Unanswered: the owner is silent.
    """
    request = {"shard": shard, "place": place.iterator if place else None, "since": since}
    answer = functions.ask(show_log, {name: it for name, it in request.items() if it is not None})
    _raise_if(answer["refused"])
    records = _Records(cards)
    return {
        "shards": answer["shards"],
        "shard": shard,
        "records": [records.told(it) for it in answer["records"]],
        "cursor": _cursor(answer, shard, place, now),
        "behind_ms": answer["behind_ms"],
        "read": answer["read"],
        "wait_ms": answer["wait_ms"],
    }


def _raise_if(refused: str | None) -> None:
    if refused == "no-such-shard":
        raise NoSuchShard
    if refused == "expired":
        raise PlaceExpired
    if refused is not None:
        raise NotSealed


def _cursor(
    answer: Mapping[str, Any], shard: str | None, before: LogPlace | None, now: datetime
) -> str | None:
    iterator = answer["place"]
    if shard is None or iterator is None:
        return None
    if before is not None and before.iterator == iterator:
        return before.text()  # nothing was read, and it is as old as it is
    return LogPlace(shard, iterator, now).text()


class _Records:
    def __init__(self, cards: Sequence[ServiceCard]) -> None:
        self._fields: ShownFields = {
            type: paths for card in cards for type, paths in card.fields.items()
        }
        said = [(type, card.name) for card in cards for type in card.says]
        several = Counter(type for type, _ in said)
        self._said_by = {type: name for type, name in said if several[type] == 1}

    def told(self, record: Mapping[str, Any]) -> dict[str, Any]:
        place = {name: record[name] for name in ("sequence", "arrived_at", "size", "problem")}
        if record["message"] is None:
            return {**place, **dict.fromkeys(_OF_A_MESSAGE), "fields": {}}
        data = record["message"]["data"] or {}  # none of a large record among many
        message = msgspec.convert({**record["message"], "data": data}, Envelope)
        fields = flat(shown(message, self._fields))
        return {
            **place,
            "event_id": message.event_id,
            "type": message.type,
            "service": self._said_by.get(message.type),
            "order_id": order_of(message),
            "version": message.version,
            "occurred_at": message.occurred_at,
            "fields": dict(list(fields.items())[:MOST_FIELDS]),
        }


_OF_A_MESSAGE = ("event_id", "type", "service", "order_id", "version", "occurred_at")
