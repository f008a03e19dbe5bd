"""GET /v1/alarms and /v1/queues: what fires, and what waits, of every service."""

from typing import Any

from console.adapters.redriving_queues import QUEUES
from console.environment import InspectEnvironment
from console.handlers.owners import cards, functions
from shared.runtime.environment import load

ALARM = ("name", "service", "what", "since", "reason")
QUEUE = ("name", "service", "waiting", "in_flight", "delayed", "dead_letters", "problem")


def alarms() -> dict[str, Any]:
    """The document, without when it was made. Raises Unanswered."""
    answer = functions().ask(load(InspectEnvironment).show_alarms_arn, {})
    told = {name: answer[name] for name in ("counts", "counts_capped", "capped")}
    return {**told, "alarms": [{name: it[name] for name in ALARM} for it in answer["alarms"]]}


def queues() -> dict[str, Any]:
    """The document, without when it was made. Raises Unanswered."""
    answer = functions().ask(load(InspectEnvironment).show_alarms_arn, {"queues": True})
    redriven = {f"{card.name}/{it}" for card in cards().all() for it in card.change.get(QUEUES, ())}
    listed = [
        {
            **{name: it[name] for name in QUEUE},
            "redrivable": f"{it['service']}/{it['name']}" in redriven,
        }
        for it in answer["queues"]
    ]
    return {"queues": listed, "capped": answer["capped"]}
