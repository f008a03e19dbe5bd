"""The questions that the console asks of others: an order's past, consumers, sagas, services."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec

from console.adapters import archived
from console.adapters.asking import Answer, Question, ask_all, asking
from console.adapters.log_ends import LogEnd, log_ends
from console.adapters.published_reads import ServiceCard
from console.domain import timeline
from console.domain.timeline import Entry, Happened, OrderState
from console.ports import Functions, Unanswered
from shared.messaging.envelope import Envelope
from shared.messaging.shown_fields import shown

NO_PLACE = Unanswered(
    "no consumer has noted where the log has its events: it was published before places were kept, "
    "or has not been yet"
)
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
    show_archive: str


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
        name: asking(functions, arn, {"aggregate_id": order_id}) for name, arn in shows.items()
    }
    told = {"event_ids": [it.id for it in events][:MOST_TOLD]}
    questions["notifications"] = asking(functions, owners.show_notifications, told)
    if events:
        questions["archive"] = asking(functions, owners.show_archive, archived.asked_of(events))
    second = ask_all(questions)
    notifications, archive = second.pop("notifications"), second.pop("archive", archived.NOTHING)
    calls = {type: route for card in known for type, route in card.calls.items()}
    entries, left_out = timeline.in_time(
        list(
            chain(
                timeline.of_api(events, calls),
                timeline.of_store(events),
                () if isinstance(saga, Unanswered) or not saga["saga"]
                else timeline.of_saga(saga["saga"]),
                _of_views(second, events),
                _of_log(second, events),
                () if isinstance(archive, Unanswered)
                else timeline.of_archive(archive["found"], events),
                () if isinstance(notifications, Unanswered)
                else timeline.of_notifications(notifications["told"]),
            )
        )
    )  # fmt: skip
    views = next((it for it in second.values() if isinstance(it, Unanswered)), first["cards"])
    answered = {"store": store, "saga": saga, "views": views, "notifications": notifications}
    answered["log"] = next((it for it in second.values() if _has_places(it)), NO_PLACE)
    answered["archive"] = archived.judged(archive, events, as_of)
    answered["api"] = first["cards"] if isinstance(first["cards"], Unanswered) else store
    if isinstance(store, Unanswered):
        answered["log"] = Unanswered("places are known by version, and the store is silent")
        answered["archive"] = Unanswered("it is looked for by event, and the store is silent")
        answered["notifications"] = Unanswered("they are known by event, and the store is silent")
    return Timeline(
        events[0].correlation_id if events else None,
        entries,
        left_out,
        timeline.states(events),
        {
            **{lane: _part(answer, as_of) for lane, answer in answered.items()},
        },
    )


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


def _of_log(answers: Mapping[str, Answer], events: Sequence[Happened]) -> Iterator[Entry]:
    """As the first consumer says that keeps places."""
    for answer in answers.values():
        if _has_places(answer):
            yield from timeline.of_log(answer["kept"], events)
            return


def _has_places(answer: Answer) -> bool:
    return not isinstance(answer, Unanswered) and bool((answer["kept"] or {}).get("places"))


def consumers(
    functions: Functions, cards: Sequence[ServiceCard], show_log: str
) -> list[dict[str, Any]]:
    """Each consumer of the log: how far it is, what it has parked, and how far it is behind.

    A consumer's lag is how much later the newest record of a shard came than the last one that it
    has read there. Positions are written once a second.
    """
    of = {name: card for card in cards for name in card.show}
    answers = ask_all({name: asking(functions, card.show[name], {}) for name, card in of.items()})
    ends = log_ends(functions, show_log, answers)
    return [_consumer(name, of[name], answer, ends) for name, answer in answers.items()]


def _consumer(
    name: str, card: ServiceCard, answer: Answer, ends: Mapping[str, LogEnd]
) -> dict[str, Any]:
    silent = isinstance(answer, Unanswered)
    positions = [] if silent else answer["positions"]
    behind = [ends[it["shard"]].behind(it) for it in positions]
    looked = [ends[it["shard"]].looked_at for it in positions]
    return {
        "name": name,
        "service": card.name,
        "view": name in card.views,
        "checkpoints": [
            {
                "shard": it["shard"],
                "sequence": it["sequence"],
                "at": it["applied_at"],
                "lag_seconds": lag,
            }
            for it, lag in zip(positions, behind, strict=True)
        ],
        "lag_seconds": max(behind, default=None),
        "log_looked_at": min((it or "" for it in looked), default="") or None,
        "parked": 0 if silent else answer["parked"],
        "parked_capped": not silent and answer["parked_capped"],
        "problem": str(answer) if silent else None,
    }
