"""Draws a state machine: the way forward on the left, the way back on the right."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

State = Mapping[str, Any]

WIDTH, HEIGHT, GAP = 210, 34, 22
LEFT, RIGHT, TOP = 40, 420, 76
FONT = "font-family='system-ui, sans-serif'"
COLOURS = {
    "command": ("#e7f0fb", "#2c6cb0"),
    "undo": ("#fdeee2", "#c2661a"),
    "task": ("#f1f1f4", "#6b6b76"),
    "Choice": ("#fffbe6", "#a58a17"),
    "Succeed": ("#e4f4e8", "#2d8a4a"),
    "Fail": ("#fbe5e7", "#b3303c"),
}


def definition_in(template: Mapping[str, Any]) -> Mapping[str, Any]:
    """The definition of the one state machine of a CloudFormation template.

    Raises:
        ValueError: the template has none, or several.
    """
    machines = [
        resource["Properties"]["DefinitionString"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::StepFunctions::StateMachine"
    ]
    if len(machines) != 1:
        raise ValueError(f"the template has {len(machines)} state machines, not one")
    definition: Mapping[str, Any] = json.loads(machines[0])
    return definition


def draw(definition: Mapping[str, Any]) -> str:
    """The definition as an SVG document."""
    states: Mapping[str, State] = definition["States"]
    forward = _way_forward(definition)
    back = [name for name in states if name not in forward]
    places = {name: (LEFT, TOP + row * (HEIGHT + GAP)) for row, name in enumerate(forward)}
    places |= {name: (RIGHT, TOP + row * (HEIGHT + GAP)) for row, name in enumerate(back)}
    bottom = TOP + max(len(forward), len(back)) * (HEIGHT + GAP)
    lines = [
        line
        for name in states
        for target, kind in _edges(states[name])
        for line in _edge(name, target, kind, back, places)
    ]
    boxes = [line for name in states for line in _box(name, states[name], name in back, places)]
    return "\n".join(
        [
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 720 {bottom + 20}' {FONT}>",
            "<title>The saga of an order</title>",
            *_frame(bottom),
            *dict.fromkeys(lines),
            *boxes,
            "</svg>\n",
        ]
    )


def _way_forward(definition: Mapping[str, Any]) -> list[str]:
    """From the first state to the end as if nothing ever failed."""
    states, name = definition["States"], definition["StartAt"]
    way = [name]
    while states[name]["Type"] not in ("Succeed", "Fail"):
        state = states[name]
        nexts = [state["Next"]] if "Next" in state else [it["Next"] for it in state["Choices"]]
        name = max(nexts, key=lambda it: "TimeoutSeconds" in states[it])
        way.append(name)
    return way


def _edges(state: State) -> Iterator[tuple[str, str]]:
    if "Next" in state:
        yield state["Next"], "next"
    for choice in state.get("Choices", ()):
        yield choice["Next"], "yes"
    if "Default" in state:
        yield state["Default"], "no"
    for catch in state.get("Catch", ()):
        yield catch["Next"], "catch"


def _edge(
    name: str,
    target: str,
    kind: str,
    back: list[str],
    places: Mapping[str, tuple[int, int]],
) -> Iterator[str]:
    (x, y), (to_x, to_y) = places[name], places[target]
    style = _style(kind)
    if x == to_x and to_y - y == HEIGHT + GAP:
        middle = x + WIDTH // 2
        yield f"<path d='M{middle} {y + HEIGHT}V{to_y - 2}' {style}/>"
    elif x == to_x == LEFT:
        bend, begin, end = x - 22, y + HEIGHT // 2, to_y + HEIGHT // 2
        yield f"<path d='M{x} {begin}H{bend}V{end}H{x - 2}' {style}/>"
    elif x == to_x:
        edge, begin, end = x + WIDTH, y + HEIGHT // 2, to_y + HEIGHT // 2
        bend = edge + 14 + 12 * min(4, abs(back.index(target) - back.index(name)) - 1)
        yield f"<path d='M{edge} {begin}H{bend}V{end}H{edge + 2}' {style}/>"
    elif x == LEFT:
        rail, begin, end = RIGHT - 40, y + HEIGHT // 2, to_y + HEIGHT // 2
        yield f"<path d='M{x + WIDTH} {begin}H{rail}V{end}H{to_x - 2}' {style}/>"
    else:
        rail, begin, end = LEFT + WIDTH + 50, y + HEIGHT // 2, to_y + HEIGHT // 2
        yield f"<path d='M{x} {begin}H{rail}V{end}H{to_x + WIDTH + 2}' {style}/>"


def _style(kind: str) -> str:
    if kind == "catch":
        colour, dashes = "#c2661a", " stroke-dasharray='4 3'"
    else:
        colour, dashes = "#55555f", ""
    return f"fill='none' stroke='{colour}'{dashes} marker-end='url(#{kind_of_arrow(kind)})'"


def kind_of_arrow(kind: str) -> str:
    """Which of the arrow heads in the picture's definitions an edge has."""
    return "caught" if kind == "catch" else "arrow"


def _box(
    name: str, state: State, on_the_way_back: bool, places: Mapping[str, tuple[int, int]]
) -> Iterator[str]:
    kind = state["Type"]
    if kind == "Task":
        kind = "task"
        if "TimeoutSeconds" in state:
            kind = "undo" if on_the_way_back else "command"
    fill, stroke = COLOURS[kind]
    x, y = places[name]
    radius = {"Choice": 17, "Succeed": 17, "Fail": 17}.get(state["Type"], 4)
    yield (
        f"<rect x='{x}' y='{y}' width='{WIDTH}' height='{HEIGHT}' rx='{radius}' "
        f"fill='{fill}' stroke='{stroke}'/>"
    )
    yield (
        f"<text x='{x + WIDTH // 2}' y='{y + 22}' text-anchor='middle' font-size='14'>"
        f"{escape(name)}</text>"
    )


def _frame(bottom: int) -> Iterator[str]:
    yield "<defs>"
    for id, colour in (("arrow", "#55555f"), ("caught", "#c2661a")):
        yield (
            f"<marker id='{id}' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='7' "
            f"markerHeight='7' orient='auto'><path d='M0 0L8 4L0 8z' fill='{colour}'/></marker>"
        )
    yield "</defs>"
    yield f"<rect width='720' height='{bottom + 20}' fill='#ffffff'/>"
    for x, heading in ((LEFT, "The way forward"), (RIGHT, "The way back")):
        yield f"<text x='{x}' y='32' font-size='17' font-weight='600'>{heading}</text>"
    yield (
        f"<text x='{LEFT}' y='54' font-size='12' fill='#55555f'>blue: a command to its owner</text>"
    )
    yield (
        f"<text x='{RIGHT}' y='54' font-size='12' fill='#55555f'>orange: an undo; dashed: "
        "refused, or no answer</text>"
    )
