"""Draws the machine of a release as a Mermaid diagram, from its definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tools.base.workspace import CHECKOUT

PAGE = CHECKOUT / "docs" / "release.md"
OPENING = """\
# A release

What the state machine of a release does, drawn from its definition (`stacks/releases_machine.py`).
Dotted lines are errors: whatever goes wrong once a release has begun leads to *Roll back*. The
same definition runs on AWS, where ECS owns the weights on VPC Lattice, and offline, where Envoy has
them. `lambdas/releases/domain` decides what follows.
"""


def page(definition: Mapping[str, Any]) -> str:
    """The whole page."""
    return "\n".join([OPENING, "```mermaid", "flowchart TD", *_lines(definition), "```", ""])


def _lines(definition: Mapping[str, Any]) -> Iterator[str]:
    states = definition["States"]
    ids = {name: f"s{number}" for number, name in enumerate(states)}
    for name, state in states.items():
        before, after = {"Choice": ("{", "}"), "Succeed": ("([", "])"), "Fail": ("([", "])")}.get(
            state["Type"], ("[", "]")
        )
        yield f'    {ids[name]}{before}"{name}"{after}'
    for name, state in states.items():
        for target, why in _edges(state):
            arrow = f'-. "{why}" .->' if why == "error" else f'-- "{why}" -->' if why else "-->"
            yield f"    {ids[name]} {arrow} {ids[target]}"


def _edges(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "Next" in state:
        yield state["Next"], ""
    for choice in state.get("Choices", ()):
        yield choice["Next"], choice["Condition"].split("'")[1]
    if "Default" in state:
        yield state["Default"], "anything else"
    for catch in state.get("Catch", ()):
        yield catch["Next"], "error"
