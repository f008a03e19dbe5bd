"""GET /v1/releases: which services in containers can be released, and how their releases stand."""

from collections.abc import Mapping
from typing import Any

from console.environment import InspectEnvironment
from console.handlers.owners import functions
from shared.runtime.environment import load

SERVICE = ("service", "runs_on")
RELEASE = ("service", "version", "began_at", "ended_at", "state", "reason")
SEEN = ("at", "phase", "next", "reason", "weight", "seconds")
FIGURES = ("calls", "failed", "slow_ms")


def releases() -> dict[str, Any]:
    """The document, without when it was made. Raises Unanswered."""
    answer = functions().ask(load(InspectEnvironment).show_releases_arn, {})
    return {
        "services": [_told(it, SERVICE) for it in answer["services"]],
        "releases": [_told(it, RELEASE) for it in answer["releases"]],
        "seen": _seen(answer["seen"]),
        "judged": _seen(answer["judged"]),
        "capped": answer["capped"],
    }


def _seen(it: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if it is None:
        return None
    return {**_told(it, SEEN), **{of: _told(it[of], FIGURES) for of in ("old", "new")}}


def _told(it: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: it[name] for name in names}
