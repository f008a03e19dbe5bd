"""Alarms and queues as the console's API tells them, for the screens' own tests."""

from __future__ import annotations

from typing import Any

from tests.support.console_answers import Document, moment


def alarm(service: str, name: str, what: str, **changed: Any) -> Document:
    """One that fires."""
    reason = "Threshold Crossed: 1 datapoint [3.0] was greater than the threshold (0.0)."
    return {
        "name": name,
        "service": service,
        "what": what,
        "since": moment(7000),
        "reason": reason,
        **changed,
    }


def alarms() -> Document:
    """Two of one service fire, and one of another."""
    return {
        "counts": {"ok": 120, "alarm": 3, "no_data": 46},
        "counts_capped": False,
        "capped": False,
        "alarms": [
            alarm("payments", "CommandsDeadLettersWait", "messages wait in Commands"),
            alarm("payments", "CommandsNotRead", "messages are not taken from Commands"),
            alarm("signing", "RotationFails", "a rotation has failed", reason=None),
        ],
    }


def queue(service: str, name: str, waiting: int | None, dead: int | None, **more: Any) -> Document:
    """One with as many messages."""
    at_work = None if waiting is None else 2
    counts = {"waiting": waiting, "in_flight": at_work, "delayed": at_work and 0}
    about = {
        "name": name,
        "service": service,
        "dead_letters": dead,
        "problem": None,
        "redrivable": waiting is not None,
    }
    return {**about, **counts, **more}


def queues() -> list[Document]:
    """One with dead letters, some that are well, one that SQS does not tell of."""
    return [
        queue("event-log", "Bus", None, 0),
        queue("fulfilment", "Replies", 12, 0),
        queue("orders", "Commands", None, None, problem="ReadTimeoutError"),
        queue("payments", "Commands", 1250, 3),
    ]
