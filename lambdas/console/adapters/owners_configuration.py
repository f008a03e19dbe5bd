"""What owners tell of their configuration, in the console's words."""

from collections.abc import Mapping, Sequence
from typing import Any

from console.adapters.asking import Answer, ask_all, asking
from console.adapters.published_reads import ServiceCard
from console.ports import Functions, Unanswered

SILENT: Mapping[str, Any] = {
    "profiles": [],
    "alarms": [],
    "refused": [],
    "refused_capped": False,
    "refused_hours": 0,
}
"""Of a service whose owner does not answer."""


def configuration(functions: Functions, cards: Sequence[ServiceCard]) -> list[dict[str, Any]]:
    """Each service that has configuration, by name; one that is silent takes nothing from others.

    What git has is told by what was deployed from it: ``config-apply`` writes the commit and the
    document's digest into each version. The functions do not say what they use: what is served is
    the last complete deployment.
    """
    shows = {it.name: it.configuration for it in cards if it.configuration is not None}
    answers = ask_all({name: asking(functions, arn, {}) for name, arn in shows.items()})
    return [_service(name, answer) for name, answer in answers.items()]


def _service(name: str, answer: Answer) -> dict[str, Any]:
    if isinstance(answer, Unanswered):
        return {"service": name, "problem": str(answer), **SILENT}
    return {"service": name, "problem": None, **{field: answer[field] for field in SILENT}}
