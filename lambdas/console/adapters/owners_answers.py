"""The questions that the console asks of others: an order's past, consumers, sagas, services."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec

from console.adapters.asking import Answer, Question, ask_all
from console.adapters.published_reads import ServiceCard
from console.domain import timeline
from console.domain.timeline import Entry, Happened, OrderState
from console.ports import Functions, Unanswered
from shared.messaging.envelope import Envelope
from shared.messaging.shown_fields import shown
from shared.runtime import clock

NOT_KEPT = {
    "api": "calls of the API are not kept by order",
    "log": "positions on the log are not kept by order",
    "archive": "the archive is kept by day, not by order: see make history",
}
"""Lanes that nobody can answer for yet, and why."""
MOST_EVENTS = 500
MOST_TOLD = 100


class OrderNotKnown(Exception):
    """Neither the event store nor fulfilment has such an order."""


@dataclass(frozen=True, slots=True)
class Owners:
    """Functions that owners publish under a fixed name."""

    read_events: str
    show_sagas: str
    show_notifications: str


@dataclass(frozen=True, slots=True)
class Part:
    """Whether a part of a timeline was answered; if not, why."""

    answered: bool
    problem: str | None
    as_of: str | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """An order's past, as far as it was answered."""

    correlation_id: str | None
    entries: Sequence[Entry]
    left_out: int
    states: Sequence[OrderState]
    parts: Mapping[str, Part]


def timeline_of(
    functions: Functions,
    owners: Owners,
    cards: Question,
    order_id: str,
    as_of: str,
) -> Timeline:
    """Everybody is asked at once; the notifications after, since they are known by event.

    Raises:
        OrderNotKnown: all who could know it say that there is none.
    """
    first = ask_all(
        {
            "cards": cards,
            "store": lambda: functions.ask(
                owners.read_events, {"order_id": order_id, "limit": MOST_EVENTS}
            ),
            "saga": lambda: functions.ask(owners.show_sagas, {"order_id": order_id}),
        }
    )
    known: Sequence[ServiceCard] = [] if isinstance(first["cards"], Unanswered) else first["cards"]
    store, saga = _understood(first["store"], known), first["saga"]
    if store == [] and not isinstance(saga, Unanswered) and saga["saga"] is None:
        raise OrderNotKnown(order_id)
    events: Sequence[Happened] = [] if isinstance(store, Unanswered) else store
    shows = {name: arn for card in known for name, arn in card.show.items()}
    questions: dict[str, Question] = {
        name: _asking(functions, arn, {"aggregate_id": order_id}) for name, arn in shows.items()
    }
    told = {"event_ids": [it.id for it in events][:MOST_TOLD]}
    questions["notifications"] = _asking(functions, owners.show_notifications, told)
    second = ask_all(questions)
    notifications = second.pop("notifications")
    entries, left_out = timeline.in_time(
        list(
            chain(
                timeline.of_store(events),
                () if isinstance(saga, Unanswered) or not saga["saga"]
                else timeline.of_saga(saga["saga"]),
                _of_views(second, events),
                () if isinstance(notifications, Unanswered)
                else timeline.of_notifications(notifications["told"]),
            )
        )
    )  # fmt: skip
    views = next((it for it in second.values() if isinstance(it, Unanswered)), first["cards"])
    answered = {"store": store, "saga": saga, "views": views, "notifications": notifications}
    if isinstance(store, Unanswered):
        answered["notifications"] = Unanswered("they are known by event, and the store is silent")
    return Timeline(
        events[0].correlation_id if events else None,
        entries,
        left_out,
        timeline.states(events),
        {
            **{lane: Part(False, why, None) for lane, why in NOT_KEPT.items()},
            **{lane: _part(answer, as_of) for lane, answer in answered.items()},
        },
    )


def _asking(functions: Functions, arn: str, request: Mapping[str, Any]) -> Question:
    return lambda: functions.ask(arn, request)


def _part(answer: Answer, as_of: str) -> Part:
    if isinstance(answer, Unanswered):
        return Part(False, str(answer), None)
    return Part(True, None, as_of)


def _understood(answer: Answer, cards: Sequence[ServiceCard]) -> list[Happened] | Unanswered:
    """The store's events with what may be seen of them, by what their service has published."""
    if isinstance(answer, Unanswered):
        return answer
    fields = {type: paths for card in cards for type, paths in card.fields.items()}
    return [
        Happened(
            it.event_id,
            it.type,
            it.version or 0,
            it.occurred_at,
            it.correlation_id,
            it.causation_id,
            shown(it, fields),
        )
        for it in msgspec.convert(answer["events"], list[Envelope])
    ]


def _of_views(answers: Mapping[str, Answer], events: Sequence[Happened]) -> Iterator[Entry]:
    for name, answer in answers.items():
        if not isinstance(answer, Unanswered) and answer["kept"] is not None:
            yield from timeline.of_view(name, answer["kept"], events)


def consumers(functions: Functions, cards: Sequence[ServiceCard]) -> list[dict[str, Any]]:
    """Each consumer of the log: how far it is, what it has parked, and how far it is behind.

    A consumer's lag is how much later the last record came that any consumer has read in a shard,
    than the last one that it has read there itself. Positions are written once a second.
    """
    of = {name: card for card in cards for name in card.show}
    answers = ask_all({name: _asking(functions, card.show[name], {}) for name, card in of.items()})
    furthest: dict[str, float] = {}
    for answer in answers.values():
        for it in () if isinstance(answer, Unanswered) else answer["positions"]:
            furthest[it["shard"]] = max(furthest.get(it["shard"], 0.0), _arrival(it))
    return [_consumer(name, of[name], answer, furthest) for name, answer in answers.items()]


def _consumer(
    name: str, card: ServiceCard, answer: Answer, furthest: Mapping[str, float]
) -> dict[str, Any]:
    silent = isinstance(answer, Unanswered)
    positions = [] if silent else answer["positions"]
    behind = [furthest[it["shard"]] - _arrival(it) for it in positions]
    return {
        "name": name,
        "service": card.name,
        "view": name in card.views,
        "checkpoints": [
            {"shard": it["shard"], "sequence": it["sequence"], "at": it["applied_at"]}
            for it in positions
        ],
        "lag_seconds": round(max(behind), 3) if behind else None,
        "parked": 0 if silent else answer["parked"],
        "parked_capped": not silent and answer["parked_capped"],
        "problem": str(answer) if silent else None,
    }


def _arrival(position: Mapping[str, Any]) -> float:
    """When the record came, in seconds; what was applied without a time came then at the latest."""
    return clock.parse_time(position["arrived_at"] or position["applied_at"]).timestamp()


def sagas(functions: Functions, show_sagas: str) -> dict[str, Any]:
    """Open and stuck sagas. Raises Unanswered."""
    answer = functions.ask(show_sagas, {})
    counts: dict[str, int] = {"open": answer["counted"]}
    for it in answer["sagas"]:
        counts[it["state"]] = counts.get(it["state"], 0) + 1
    return {
        "counts": counts,
        "sagas": [
            {
                "order_id": it["order_id"],
                "status": it["state"],
                "step": it["waits_for"],
                "started_at": it["started_at"],
                "ended_at": None,
            }
            for it in answer["sagas"]
        ],
        "capped": answer["capped"] or answer["counted"] > len(answer["sagas"]),
    }
