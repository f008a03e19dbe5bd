"""Which events of an order the archive holds, and why it may not hold the others yet."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from console.adapters.asking import Answer
from console.domain.timeline import Happened
from console.ports import Unanswered
from shared.runtime import clock

MOST_SOUGHT = 20
"""The newest events of an order: each may mean to read some objects."""
DELIVERED_WITHIN = timedelta(minutes=10)
"""An alarm tells of an archive that is further behind."""
NOTHING: Mapping[str, Any] = {"found": {}, "objects": 0, "capped": False}


def asked_of(events: Sequence[Happened]) -> dict[str, Any]:
    """The question for these events."""
    sought = events[-MOST_SOUGHT:]
    return {"events": [{"event_id": it.id, "occurred_at": it.occurred_at} for it in sought]}


def judged(answer: Answer, events: Sequence[Happened], as_of: str) -> Answer:
    """The answer, or why something is missing in it."""
    if isinstance(answer, Unanswered):
        return answer
    missing = [it for it in events[-MOST_SOUGHT:] if it.id not in answer["found"]]
    if not missing:
        return answer
    many = f"{len(missing)} of its {len(events)} events"
    if all(_age(it, as_of) < DELIVERED_WITHIN for it in missing):
        return Unanswered(f"{many} are not archived yet: delivery takes a minute or two")
    looked = f"{answer['objects']} objects of that time that were read"
    if answer["capped"]:
        return Unanswered(f"{many} are not in the {looked}, and there are more: see make history")
    return Unanswered(f"{many} are not in the {looked}: make reconcile says whether they are lost")


def _age(event: Happened, as_of: str) -> timedelta:
    return clock.parse_time(as_of) - clock.parse_time(event.occurred_at)
