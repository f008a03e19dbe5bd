"""What the console's API answers about sagas, as it was seen to answer; for tests alone."""

from __future__ import annotations

from typing import Any

from tests.support.console_answers import Document, identifier, moment

_FORWARD = (
    *("reserve-stock", "authorize-payment", "gather-quotes", "book-shipment"),
    *("capture-payment", "confirm-order"),
)
_UNDOES = {
    "release-stock": ["reserve-stock"],
    "void-payment": ["authorize-payment"],
    "refund-payment": ["authorize-payment", "capture-payment"],
    "reject-order": [],
}


def step(name: str, began: float, status: str, took: float = 0.4) -> Document:
    """One command of a saga."""
    answered = None if status == "running" else moment(began + took)
    undoes = _UNDOES.get(name, [])
    said = {"step": name, "undoes": undoes, "sent_at": moment(began), "answered_at": answered}
    return {**said, "status": status}


def _row(index: int, status: str, at: str | None, *steps: Document) -> Document:
    return {
        "order_id": identifier(f"order {index}"),
        "status": status,
        "step": at,
        "started_at": steps[0]["sent_at"],
        "ended_at": steps[-1]["answered_at"] if status == "ended" else None,
        "steps": list(steps),
    }


def sagas() -> Document:
    """Two that run, one that waits for an operator, one that is done and one that was undone."""
    done = [step(name, 7200 + index / 2, "done") for index, name in enumerate(_FORWARD)]
    rows = [
        _row(0, "running", "gather-quotes", *done[:2], step("gather-quotes", 7290, "running")),
        _row(1, "running", "authorize-payment", done[0], step(_FORWARD[1], 7296, "running")),
        _row(
            2,
            "stuck",
            "refund-payment",
            *done[:5],
            step("confirm-order", 5440, "refused"),
            step("refund-payment", 5445, "failed"),
            step("release-stock", 5450, "undone"),
        ),
        _row(3, "ended", None, *done),
        _row(
            4,
            "ended",
            None,
            done[0],
            step("authorize-payment", 7201, "refused"),
            step("release-stock", 7202, "undone"),
            step("reject-order", 7203, "done"),
        ),
    ]
    return {
        "as_of": moment(7300),
        "counts": {"open": 3, "running": 2, "stuck": 1},
        "sagas": rows,
        "capped": False,
        "ended": {
            "counts": {"cancelled": 4, "confirmed": 181, "rejected": 15},
            "looked_at": 200,
            "since": moment(5000),
            "capped": True,
        },
        "ended_problem": None,
    }


def quotes() -> Document:
    """Three carriers: one has answered and was chosen, one has answered, and one is late."""
    states = (("tern-post", "answered"), ("heron", "answered"), ("swift-parcel", "late"))
    carriers = [
        {"name": name, "state": state, "chosen": name == "tern-post"} for name, state in states
    ]
    request = {"status": "closed", "deadline": moment(7206), "reason": None, "carriers": carriers}
    return {"quotes": [request], "quotes_capped": False, "quotes_problem": None}


def one(known: Document, order: str, asked: Document) -> tuple[int, Document]:
    """Status and document of one order's saga."""
    row: dict[str, Any] | None = next(
        (it for it in known["sagas"] if it["order_id"] == order), None
    )
    if row is None:
        title = {"type": "https://problems.example/any", "title": "There is no such saga"}
        return 404, {**title, "status": 404, "detail": "", "correlation_id": identifier(order)}
    steps = [it | {"owner": "inventory", "reason": None} for it in row["steps"]]
    about = {name: row[name] for name in ("order_id", "status", "started_at", "step")}
    return 200, {"as_of": moment(7300), **about, "attempt": 1, "steps": steps, **asked}
