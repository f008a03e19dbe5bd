"""What the owners of read models tell of their generations, and what may be done next."""

from collections.abc import Sequence
from typing import Any

from console.adapters.asking import Answer, ask_all, asking
from console.adapters.published_reads import ServiceCard
from console.ports import Functions, Unanswered

ASKED_FOR = {"generations": True}


def views(functions: Functions, cards: Sequence[ServiceCard]) -> list[dict[str, Any]]:
    """Every read model; one whose owner is silent takes nothing from the others."""
    of = {name: card for card in cards for name in card.views if name in card.show}
    answers = ask_all(
        {name: asking(functions, card.show[name], ASKED_FOR) for name, card in of.items()}
    )
    return [_view(name, of[name], answer) for name, answer in answers.items()]


def _view(name: str, card: ServiceCard, answer: Answer) -> dict[str, Any]:
    about = {"name": name, "service": card.name}
    nothing: dict[str, Any] = {
        "generations": [],
        "equal": None,
        "rebuild": None,
        "run": None,
        "may": [],
    }
    if isinstance(answer, Unanswered):
        return {**about, "problem": str(answer), **nothing}
    try:
        return {
            **about,
            "problem": None,
            "generations": [{it: said[it] for it in GENERATION} for said in answer["generations"]],
            "equal": equal(answer["generations"]),
            "rebuild": answer["rebuild"] and {it: answer["rebuild"][it] for it in REBUILD},
            "run": answer["run"] and {it: answer["run"][it] for it in RUN},
            "may": may(answer["generations"]),
        }
    except (KeyError, TypeError) as other:
        problem = f"its answer was not understood: {type(other).__name__}"
        return {**about, "problem": problem, **nothing}


GENERATION = ("name", "state", "since", "items", "sum", "summed_at")
REBUILD = (
    *("generation", "phase", "began_at", "objects", "bytes", "tasks", "partitioned"),
    *("partitions", "folded", "records"),
)
RUN = ("status", "started_at", "ended_at")
"""What is told of an answer, and nothing besides."""


def equal(generations: Sequence[dict[str, Any]]) -> bool | None:
    """Whether what is served and what was served before have the same sum; None if one has none.

    A generation that is being filled is a part, and no sum of it is compared.
    """
    sums = [(it["items"], it["sum"]) for it in generations if it["state"] in ("served", "kept")]
    if len(sums) != 2 or any(total is None for _, total in sums):
        return None
    return sums[0] == sums[1]


def may(generations: Sequence[dict[str, Any]]) -> list[str]:
    """What the pointer admits: it is asked again when somebody does it."""
    beside = {it["state"] for it in generations} - {"served"}
    match tuple(beside):
        case ():
            return ["rebuild"]
        case ("filled",):
            return ["rebuild", "retire"]
        case ("kept",):
            return ["back", "retire"]
        case _:
            return ["retire"]
