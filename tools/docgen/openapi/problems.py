"""Which problems a service's handlers can raise, read from their source.

Read, and not tried out: some are raised in the middle of a handler, where no table names them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools.base.workspace import CHECKOUT
from tools.docgen.openapi.routes import Refusal

LAMBDAS = CHECKOUT / "lambdas"
KIT = ("shared/runtime/api.py", "shared/runtime/problems.py", "shared/event_sourcing/requests.py")
"""Where problems stand that every handler may raise."""
OF_SOMETHING = {"not_found", "not_found_yet", "errors_about", "id_in_path", "NoSuchTarget"}
"""Whose problems are named after what their caller speaks of: functions of the kit, and what
handlers answer with one of these."""


def of_kit() -> dict[str, Refusal]:
    """The kit's own problems by kind, without those that are named after something."""
    return {it.kind: it for it in _raised(_trees(LAMBDAS / name for name in KIT), {})}


def of_service(package: str) -> dict[str, Refusal]:
    """By kind, what the handlers of a service raise, or have the kit raise."""
    handlers = _trees(sorted((LAMBDAS / package / "handlers").glob("*.py")))
    handlers += _trees(sorted({it for tree in handlers for it in _published(tree)}))
    adapters = _trees(sorted((LAMBDAS / package / "adapters").glob("*.py")))
    kit = _trees(LAMBDAS / name for name in KIT)
    found = {it.kind: it for it in _raised(handlers, {})}
    for function, what in {it for tree in handlers + adapters for it in _mentions(tree)}:
        # Each of these functions has the answer that there is no such thing.
        asked = [it for name in (function, "not_found") for it in _definitions(kit, name)]
        for refusal in _raised(asked, {"what": what}):
            found.setdefault(refusal.kind, refusal)
    return found


def _published(tree: ast.AST) -> Iterator[Path]:
    """Modules of other services' languages that a handler imports, with their refusals."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("_language"):
            yield from (LAMBDAS / str(node.module) / f"{it.name}.py" for it in node.names)


def _trees(files: Iterable[Path]) -> list[ast.AST]:
    return [ast.parse(it.read_text("utf-8")) for it in files]


def _raised(trees: Iterable[ast.AST], words: dict[str, str]) -> Iterator[Refusal]:
    """What ``Problem(status, kind, title, ...)`` says; those with unknown words are left out."""
    for tree in trees:
        for node in ast.walk(tree):
            match node:
                case ast.Call(
                    func=ast.Name("Problem") | ast.Attribute(attr="Problem"),
                    args=[ast.Constant(int(status)), kind, title, *_],
                ):
                    said = _text(kind, words), _text(title, words)
                    if said[0] is not None and said[1] is not None:
                        yield Refusal(status, said[0], said[1])


def _text(node: ast.expr, words: dict[str, str]) -> str | None:
    match node:
        case ast.Constant(str(text)):
            return text
        case ast.FormattedValue(ast.Name(name)):
            return words.get(name)
        case ast.JoinedStr(parts):
            texts = [_text(it, words) for it in parts]
            return None if None in texts else "".join(map(str, texts))
    return None


def _mentions(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Which function of the kit is told of what, such as (not_found, order)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            for argument in node.args[:2]:
                match argument:
                    case ast.Constant(str(what)) if name in OF_SOMETHING:
                        yield name, what


def _definitions(trees: Iterable[ast.AST], name: str) -> Iterator[ast.AST]:
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == name:
                yield node
