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
COLUMNS = ((LEFT, "The way forward"), (RIGHT, "A look at the order, and the way back"))
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
    ("Close saga", "Settled"): "failed",
    ("Order known already?", "Read order"): "no, or it goes on after an interruption",
    ("Still to be fulfilled?", "Close saga"): "confirmed already, or nothing to undo",
    ("Still to be fulfilled?", "May it be confirmed?"): "given up: undo",
    ("Settle order", "Payment captured?"): "rejected",
    ("Settle order", "Confirmed after all?"): "refused",
    ("Settle order", "Report stuck saga"): "failed",
    ("Void payment", "Refund payment"): "refused: it was captured",
    ("Reject order", "Everything undone?"): "done, refused or failed",
}
"""Why a branch is taken, where yes, no, refused or failed would not say it."""
THE_END = "the end: its reply closes the saga"
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


class Label(NamedTuple):
    """Why a branch is taken, beside its line; ``anchor`` is SVG's ``text-anchor``."""

    x: int
    y: int
    text: str
    anchor: str = "start"
    turned: bool = False


def layout(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The picture as data: ``{width, height, box, columns, boxes, lines, labels}``.

    A box is ``{name, x, y, kind, step}``, of which ``step`` is what a command says of it, or null;
    a line ``{path, fails}`` with an SVG path; a label as ``Label``.
    """
    states, back, places, bottom = _placed(definition)
    return {
        "width": PICTURE_WIDTH,
        "height": bottom,
        "box": {"width": WIDTH, "height": HEIGHT},
        "columns": [{"x": x, "text": heading} for x, heading in COLUMNS],
        "boxes": [
            {
                "name": name,
                "x": places[name][0],
                "y": places[name][1],
                "kind": _kind(state, name in back).lower(),
                "step": state.get("Arguments", {}).get("Payload", {}).get("step"),
            }
            for name, state in states.items()
        ],
        "lines": [
            {"path": path, "fails": kind == "catch"}
            for path, kind in dict.fromkeys(_lines(states, back, places))
        ],
        "labels": [it._asdict() for it in _labels(definition, back, places)],
    }


def _placed(
    definition: Mapping[str, Any],
) -> tuple[Mapping[str, State], list[str], dict[str, tuple[int, int]], int]:
    states: Mapping[str, State] = definition["States"]
    forward = _left_column(definition)
    back = [name for name in states if name not in forward]
    places = {name: (LEFT, TOP + row * (HEIGHT + GAP)) for row, name in enumerate(forward)}
    places |= {name: (RIGHT, TOP + row * (HEIGHT + GAP)) for row, name in enumerate(back)}
    bottom = TOP + max(len(forward), len(back)) * (HEIGHT + GAP)
    return states, back, places, bottom


def _lines(
    states: Mapping[str, State], back: list[str], places: Mapping[str, tuple[int, int]]
) -> Iterator[tuple[str, str]]:
    for name in states:
        for target, kind in _edges(states[name]):
            yield _edge(name, target, kind, back, places), kind


def _labels(
    definition: Mapping[str, Any], back: list[str], places: Mapping[str, tuple[int, int]]
) -> Iterator[Label]:
    for (name, target), (text, kinds) in branch_labels(definition).items():
        yield _label(name, target, text, kinds, back, places)
    x, y = places[_way_forward(definition)[-1]]
    yield Label(x + WIDTH // 2, y + HEIGHT + GAP // 2 + 3, THE_END, "middle")


def draw(definition: Mapping[str, Any]) -> str:
    """The definition as an SVG document."""
    states, back, places, bottom = _placed(definition)
    forward = [name for name in states if name not in back]
    lines = [f"<path d='{path}' {_style(kind)}/>" for path, kind in _lines(states, back, places)]
    labels = [
        _text(it.x, it.y, it.text, _attributes(it)) for it in _labels(definition, back, places)
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
    """From the first state to the end as if nothing ever failed.

    Where a question parts the way, it goes on with the state that the definition lists first.
    """
    states, name = definition["States"], definition["StartAt"]
    listed = list(states)
    way = [name]
    while "End" not in states[name] and states[name]["Type"] not in ("Succeed", "Fail"):
        ahead = [target for target, kind in _edges(states[name]) if kind != "catch"]
        name = min(ahead, key=listed.index)
        way.append(name)
    return way


def _left_column(definition: Mapping[str, Any]) -> list[str]:
    """The way forward, and below it where the other ways end well."""
    way = _way_forward(definition)
    return way + [
        name
        for name, state in definition["States"].items()
        if name not in way and ("End" in state or state["Type"] == "Succeed")
    ]


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
) -> str:
    """An SVG path."""
    (x, y), (to_x, to_y) = places[name], places[target]
    begin, end = _exit(y, kind), to_y + HEIGHT // 2
    if x == to_x and to_y - y == HEIGHT + GAP:
        middle = x + WIDTH // 2 + (12 if kind == "catch" else 0)
        return f"M{middle} {y + HEIGHT}V{to_y - 2}"
    if x == to_x == LEFT:
        return f"M{x} {begin}H{x - 22}V{end}H{x - 2}"
    if x == to_x:
        bend, end = _bend(name, target, back), to_y + (ARRIVES if to_y > y else HEIGHT // 2)
        return f"M{x + WIDTH} {begin}H{bend}V{end}H{x + WIDTH + 2}"
    if x == LEFT:
        return f"M{x + WIDTH} {begin}H{RIGHT - 40}V{end}H{to_x - 2}"
    rail = LEFT + WIDTH + 30
    return f"M{x} {y + 6}H{rail}V{end}H{to_x + WIDTH + 2}"


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
) -> Label:
    """A branch's reason beside its line."""
    (x, y), (to_x, to_y) = places[name], places[target]
    begin = _exit(y, kinds[0])
    if x == to_x and to_y - y == HEIGHT + GAP:
        beside = 20 if "catch" in kinds else 8
        return Label(x + WIDTH // 2 + beside, y + HEIGHT + GAP // 2 + 3, text)
    if x == to_x == LEFT:
        return Label(x - 28, (y + to_y + HEIGHT) // 2, text, "middle", turned=True)
    if x == to_x and to_y < y:
        return Label(_bend(name, target, back) + 6, begin - 3, text)
    if x == to_x:
        far = _bend(name, target, back) == x + WIDTH + FAR
        line = begin + (11 if kinds[0] == "no" else -4)
        return Label(x + WIDTH + (FAR - 40 if far else 4), line, text)
    if x == LEFT:
        return Label(x + WIDTH + 34, begin - 4, text)
    return Label(x - 6, y + 2, text, "end")


def _attributes(label: Label) -> str:
    turned = f" transform='rotate(-90 {label.x} {label.y})'" if label.turned else ""
    return turned + (f" text-anchor='{label.anchor}'" if label.anchor != "start" else "")


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
    fill, stroke, _ = KINDS[_kind(state, on_the_way_back)]
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


def _kind(state: State, on_the_way_back: bool) -> str:
    if state["Type"] != "Task":
        return str(state["Type"])
    if "TimeoutSeconds" not in state:
        return "task"
    return "undo" if on_the_way_back else "command"


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
    for x, heading in COLUMNS:
        yield f"<text x='{x}' y='32' font-size='17' font-weight='600'>{heading}</text>"
