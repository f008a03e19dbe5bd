"""Draws a state machine: the way forward on the left, the way back on the right."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, NamedTuple

State = Mapping[str, Any]

WIDTH, HEIGHT, GAP = 200, 34, 30
LEFT, RIGHT, TOP = 64, 480, 62
PICTURE_WIDTH = 960
FAR = 236
"""How far right of its column the line runs that passes nearly all of it."""
ARRIVES = 8
"""How far below a box's top a line from farther up arrives."""
FONT = "font-family='system-ui, sans-serif'"
GREY, ORANGE = "#55555f", "#c2661a"


class Kind(NamedTuple):
    """What a box of one colour stands for."""

    fill: str
    stroke: str
    meaning: str


KINDS = {
    "command": Kind("#e7f0fb", "#2c6cb0", "command to the step's owner"),
    "undo": Kind("#fdeee2", ORANGE, "command that takes a step back"),
    "task": Kind("#f1f1f4", "#6b6b76", "work of the saga itself"),
    "Choice": Kind("#fffbe6", "#a58a17", "question, from what the saga knows"),
    "Succeed": Kind("#e4f4e8", "#2d8a4a", "confirmed, or all is undone"),
    "Fail": Kind("#fbe5e7", "#b3303c", "an operator has to resume it"),
}
LABELS = {
    ("Still to be fulfilled?", "Close saga"): "confirmed already, or given up with nothing to undo",
    ("Still to be fulfilled?", "May it be confirmed?"): "given up: undo",
    ("Settle order", "Payment captured?"): "rejected",
    ("Settle order", "Confirmed after all?"): "refused",
    ("Settle order", "Report stuck saga"): "failed",
    ("Void payment", "Refund payment"): "refused: it was captured",
    ("Reject order", "Everything undone?"): "done, refused or failed",
}
"""Why a branch is taken, where yes, no, refused or failed would not say it."""
STEP_FAILS = "refused, or no answer"
UNDO_FAILS = "done, or failed"
"""An undo that fails does not stop the others: the last question is whether one did."""


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
    labels = [
        _label(name, target, text, kinds, back, places)
        for (name, target), (text, kinds) in branch_labels(definition).items()
    ]
    boxes = [line for name in states for line in _box(name, states[name], name in back, places)]
    size = f"0 0 {PICTURE_WIDTH} {bottom}"
    return "\n".join(
        [
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='{size}' {FONT}>",
            "<title>The saga of an order</title>",
            *_frame(bottom),
            *dict.fromkeys(lines),
            *boxes,
            *labels,
            *_legend(TOP + (len(forward) + 1) * (HEIGHT + GAP)),
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
    style, begin, end = _style(kind), _exit(y, kind), to_y + HEIGHT // 2
    if x == to_x and to_y - y == HEIGHT + GAP:
        middle = x + WIDTH // 2 + (12 if kind == "catch" else 0)
        yield f"<path d='M{middle} {y + HEIGHT}V{to_y - 2}' {style}/>"
    elif x == to_x == LEFT:
        yield f"<path d='M{x} {begin}H{x - 22}V{end}H{x - 2}' {style}/>"
    elif x == to_x:
        bend, end = _bend(name, target, back), to_y + (ARRIVES if to_y > y else HEIGHT // 2)
        yield f"<path d='M{x + WIDTH} {begin}H{bend}V{end}H{x + WIDTH + 2}' {style}/>"
    elif x == LEFT:
        yield f"<path d='M{x + WIDTH} {begin}H{RIGHT - 40}V{end}H{to_x - 2}' {style}/>"
    else:
        rail = LEFT + WIDTH + 30
        yield f"<path d='M{x} {y + 6}H{rail}V{end}H{to_x + WIDTH + 2}' {style}/>"


def _exit(y: int, kind: str) -> int:
    """Where an edge leaves its box: a failure below what follows otherwise.

    A question's "no" leaves below the line that arrives, so that the two are not read as one.
    """
    return y + HEIGHT // 2 + {"catch": 8, "no": 6}.get(kind, 0)


def _bend(name: str, target: str, back: list[str]) -> int:
    """Where an edge on the right of its column turns: the farther it goes, the farther out."""
    rows = abs(back.index(target) - back.index(name))
    return RIGHT + WIDTH + (FAR if rows > len(back) // 2 else 20 + 22 * min(3, rows - 1))


def branch_labels(
    definition: Mapping[str, Any],
) -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
    """Why each branch is taken, and by what kinds of edge, by state and target.

    What follows anyway is no branch.
    """
    forward = _way_forward(definition)
    found = {}
    for name, state in definition["States"].items():
        kinds: dict[str, tuple[str, ...]] = {}
        for target, kind in _edges(state):
            kinds[target] = (*kinds.get(target, ()), kind)
        for target, of_it in kinds.items():
            text = LABELS.get((name, target)) or _usual_label(name not in forward, of_it)
            if text:
                found[name, target] = (text, of_it)
    return found


def _usual_label(on_the_way_back: bool, kinds: tuple[str, ...]) -> str:
    if kinds == ("next", "catch") and not on_the_way_back:
        return ""  # it goes on, whatever came of it
    if "catch" in kinds:
        return UNDO_FAILS if on_the_way_back else STEP_FAILS
    return kinds[0] if kinds[0] in ("yes", "no") else ""


def _label(
    name: str,
    target: str,
    text: str,
    kinds: tuple[str, ...],
    back: list[str],
    places: Mapping[str, tuple[int, int]],
) -> str:
    """A branch's reason beside its line."""
    (x, y), (to_x, to_y) = places[name], places[target]
    begin = _exit(y, kinds[0])
    if x == to_x and to_y - y == HEIGHT + GAP:
        beside = 20 if "catch" in kinds else 8
        return _text(x + WIDTH // 2 + beside, y + HEIGHT + GAP // 2 + 3, text)
    if x == to_x == LEFT:
        middle = (y + to_y + HEIGHT) // 2
        turned = f" transform='rotate(-90 {x - 28} {middle})' text-anchor='middle'"
        return _text(x - 28, middle, text, turned)
    if x == to_x and to_y < y:
        return _text(_bend(name, target, back) + 6, begin - 3, text)
    if x == to_x:
        far = _bend(name, target, back) == x + WIDTH + FAR
        line = begin + (11 if kinds[0] == "no" else -4)
        return _text(x + WIDTH + (FAR - 40 if far else 4), line, text)
    if x == LEFT:
        return _text(x + WIDTH + 34, begin - 4, text)
    return _text(x - 6, y + 2, text, " text-anchor='end'")


def _text(x: int, y: int, text: str, attributes: str = "") -> str:
    """A label, on white so that a line which it crosses does not strike it through."""
    return (
        f"<text x='{x}' y='{y}' font-size='11' fill='#3a3a42' stroke='#ffffff' stroke-width='4' "
        f"paint-order='stroke'{attributes}>{escape(text)}</text>"
    )


def _style(kind: str) -> str:
    colour, dashes = (ORANGE, " stroke-dasharray='4 3'") if kind == "catch" else (GREY, "")
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
    fill, stroke, _ = KINDS[kind]
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


def _legend(top: int) -> Iterator[str]:
    yield f"<text x='{LEFT}' y='{top}' font-size='13' font-weight='600'>Colours and lines</text>"
    y = top + 14
    for kind in KINDS.values():
        yield (
            f"<rect x='{LEFT}' y='{y}' width='22' height='14' rx='3' fill='{kind.fill}' "
            f"stroke='{kind.stroke}'/>"
        )
        yield _text(LEFT + 32, y + 11, kind.meaning)
        y += 24
    for edge, meaning in (("next", "what follows"), ("catch", "what follows a refusal or failure")):
        yield f"<path d='M{LEFT} {y + 7}H{LEFT + 22}' {_style(edge)}/>"
        yield _text(LEFT + 32, y + 11, meaning)
        y += 24


def _frame(bottom: int) -> Iterator[str]:
    yield "<defs>"
    for id, colour in (("arrow", GREY), ("caught", ORANGE)):
        yield (
            f"<marker id='{id}' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='7' "
            f"markerHeight='7' orient='auto'><path d='M0 0L8 4L0 8z' fill='{colour}'/></marker>"
        )
    yield "</defs>"
    yield f"<rect width='{PICTURE_WIDTH}' height='{bottom}' fill='#ffffff'/>"
    for x, heading in ((LEFT, "The way forward"), (RIGHT, "The way back")):
        yield f"<text x='{x}' y='32' font-size='17' font-weight='600'>{heading}</text>"
