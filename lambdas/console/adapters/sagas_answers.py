"""What fulfilment tells of sagas, and shipping of the carriers that one asks for quotes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from console.adapters.asking import Answer, ask_all
from console.ports import Functions, Unanswered


class SagaNotKnown(Exception):
    """The order has none."""


def sagas(functions: Functions, show_sagas: str, orders: Sequence[str]) -> dict[str, Any]:
    """Open and stuck sagas, those of some orders besides, and how the last ones ended.

    That nobody tells how they ended takes nothing from the others. Raises Unanswered.
    """
    answers = ask_all(
        {
            "sagas": lambda: functions.ask(
                show_sagas, {"order_ids": list(orders)} if orders else {}
            ),
            "ended": lambda: functions.ask(show_sagas, {"ended": True}),
        }
    )
    answer = answers["sagas"]
    if isinstance(answer, Unanswered):
        raise answer
    counts: dict[str, int] = {"open": answer["counted"]}
    still_open = [it for it in answer["sagas"] if it["state"] != "ended"]
    for it in still_open:
        counts[it["state"]] = counts.get(it["state"], 0) + 1
    return {
        "counts": counts,
        "sagas": [_row(it) for it in answer["sagas"]],
        "capped": answer["capped"] or answer["counted"] > len(still_open),
        **_ended(answers["ended"]),
    }


def saga(functions: Functions, show_sagas: str, show_quotes: str, order_id: str) -> dict[str, Any]:
    """One order's saga step by step, and which carriers were asked.

    Shipping's silence takes nothing from the steps.

    Raises:
        SagaNotKnown: the order has none.
        Unanswered: fulfilment is silent.
    """
    about = {"order_id": order_id}
    answers = ask_all(
        {
            "saga": lambda: functions.ask(show_sagas, about),
            "quotes": lambda: functions.ask(show_quotes, about),
        }
    )
    found, quotes = answers["saga"], answers["quotes"]
    if isinstance(found, Unanswered):
        raise found
    if found["saga"] is None:
        raise SagaNotKnown(order_id)
    told = found["saga"]
    return {
        "order_id": order_id,
        "status": told["state"],
        "attempt": told["attempt"],
        "started_at": told["started_at"],
        "step": told["waits_for"],
        "steps": [
            {**_step(it), "owner": it["owner"], "reason": it["reason"]} for it in told["steps"]
        ],
        **_quotes(quotes),
    }


def _ended(answer: Answer) -> dict[str, Any]:
    if isinstance(answer, Unanswered):
        return {"ended": None, "ended_problem": str(answer)}
    told = ("counts", "looked_at", "since", "capped")
    return {"ended": {name: answer[name] for name in told}, "ended_problem": None}


def _row(it: Mapping[str, Any]) -> dict[str, Any]:
    steps = [_step(step) for step in it["steps"]]
    return {
        "order_id": it["order_id"],
        "status": it["state"],
        "step": it["waits_for"],
        "started_at": it["started_at"],
        "ended_at": _end(steps) if it["state"] == "ended" else None,
        "steps": steps,
    }


def _end(steps: Iterable[Mapping[str, Any]]) -> str | None:
    """When the last answer came: the end itself is not noted."""
    return max((it["answered_at"] for it in steps if it["answered_at"]), default=None)


def _step(it: Mapping[str, Any]) -> dict[str, Any]:
    outcome = it["outcome"]
    undone = bool(it["undoes"]) and outcome == "done"
    return {
        "step": it["step"],
        "undoes": it["undoes"],
        "sent_at": it["sent_at"],
        "answered_at": it["answered_at"],
        "status": "undone" if undone else outcome or "running",
    }


def _quotes(answer: Answer) -> dict[str, Any]:
    if isinstance(answer, Unanswered):
        return {"quotes": [], "quotes_capped": False, "quotes_problem": str(answer)}
    return {
        "quotes": [
            {
                **{name: it[name] for name in ("status", "deadline", "reason")},
                "carriers": [
                    {name: carrier[name] for name in ("name", "state", "chosen")}
                    for carrier in it["carriers"]
                ],
            }
            for it in answer["requests"]
        ],
        "quotes_capped": answer["capped"],
        "quotes_problem": None,
    }
