"""Every small change that could be made to a module's functions, one at a time.

What is left alone, since no test should notice it: texts, what is logged, numbers at the top of a
module (a test that repeats them holds nothing), annotations and docstrings.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

Function = ast.FunctionDef | ast.AsyncFunctionDef
FLIPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
}
LOGGED = {"info", "warning", "error", "debug"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change. ``change`` is ``before -> after``, with ``#2`` for the second such in a function.

    ``function`` is the outermost function's qualified name: its code is what is replaced.
    """

    module: str
    function: str
    line: int
    change: str
    code: ast.Module

    @property
    def name(self) -> str:
        """The same as long as the change can be made, wherever its line moves to."""
        return f"{self.module}:{self.function}: {self.change}"


def mutants_of(path: Path, module: str) -> Iterator[Mutant]:
    """Every mutant of a module, by line."""
    tree = ast.parse(path.read_text(), str(path))
    for function, name in _outermost(tree.body, ""):
        seen: Counter[str] = Counter()
        for place, line, change, apply in _changes(function):
            seen[change] += 1
            number = f" #{seen[change]}" if seen[change] > 1 else ""
            yield Mutant(
                module, name, line, change + number, _changed(tree, function, name, place, apply)
            )


def _outermost(body: list[ast.stmt], prefix: str) -> Iterator[tuple[Function, str]]:
    for node in body:
        if isinstance(node, Function):
            yield node, prefix + node.name
        elif isinstance(node, ast.ClassDef) and not _is_protocol(node):
            yield from _outermost(node.body, f"{prefix}{node.name}.")


def _is_protocol(node: ast.ClassDef) -> bool:
    return any("Protocol" in ast.unparse(base) for base in node.bases)


Apply = Callable[[ast.AST], ast.AST | None]
"""What comes instead of a node; None takes it away."""
Change = tuple[int, int, str, Apply]
"""The number of the node in its function, its line, what it says, and how it is made."""


def _changes(function: Function) -> Iterator[Change]:
    untouched = _untouched(function)
    for place, node in enumerate(ast.walk(function)):
        if id(node) in untouched or not isinstance(node, ast.expr | ast.stmt | ast.excepthandler):
            continue
        for after, apply in _of_node(node):
            yield place, node.lineno, f"{_short(node)} -> {after}", apply


def _untouched(function: Function) -> set[int]:
    """Nodes in annotations, decorators, log lines and messages of errors."""
    apart: list[ast.AST] = []
    for node in ast.walk(function):
        if isinstance(node, Function):
            apart += [*node.decorator_list, *([node.returns] if node.returns else [])]
            apart += [node.args] if node is not function else []
            apart += [
                arg.annotation
                for arg in ast.walk(node.args)
                if isinstance(arg, ast.arg) and arg.annotation
            ]
            apart += node.body[:1] if ast.get_docstring(node) else []
        elif isinstance(node, ast.AnnAssign):
            apart.append(node.annotation)
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            apart.append(node.exc)
        elif isinstance(node, ast.Assert) or (isinstance(node, ast.Expr) and _logs(node.value)):
            apart.append(node)
        elif isinstance(node, ast.JoinedStr):
            apart += node.values
    return {id(inner) for node in apart for inner in ast.walk(node)}


def _logs(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "log"
        and node.func.attr in LOGGED
    )


def _of_node(node: ast.AST) -> Iterator[tuple[str, Apply]]:
    match node:
        case ast.Compare(ops=[_, *_]):
            for place, operator in enumerate(node.ops):
                yield from _operator(node, operator, "ops", place)
        case ast.BoolOp() | ast.BinOp() if type(node.op) in FLIPPED:
            yield from _operator(node, node.op, "op", None)
        case ast.UnaryOp(op=ast.Not()):
            yield _short(node.operand), lambda it: it.operand  # type: ignore[attr-defined]
        case ast.Constant(value=bool() as flag):
            yield str(not flag), lambda _: ast.Constant(not flag)
        case ast.Constant(value=int() as number):
            yield str(number + 1), lambda _: ast.Constant(number + 1)
        case ast.If() | ast.While() | ast.IfExp() if not _is_flipped(node.test):
            yield f"if not {_short(node.test)}", _negated
        case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()):
            yield "pass", _nothing
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]) | ast.AugAssign():
            yield "pass", _nothing
        case ast.Raise() | ast.Delete():
            yield "pass", _nothing
        case ast.Continue():
            yield "break", lambda _: ast.Break()
        case ast.Break():
            yield "continue", lambda _: ast.Continue()
        case ast.Return(value=ast.expr()) if not _is_nothing(node.value):
            yield "return None", lambda _: ast.Return(ast.Constant(None))
        case ast.ExceptHandler() if not _raises(node):
            yield "raise", _raising
        case ast.Call(func=ast.Name(id="min" | "max")):
            return
        case ast.Call(args=[first, second, *_]) if _may_be_swapped(first, second):
            yield f"({_short(second)}, {_short(first)})", _swapped
        case ast.Match():
            for place, case in enumerate(node.cases):
                yield f"no case {_short(case.pattern)}", _without_case(place)


def _operator(
    node: ast.AST, operator: ast.AST, field: str, number: int | None
) -> Iterator[tuple[str, Apply]]:
    def apply(it: ast.AST) -> ast.AST:
        flipped = FLIPPED[type(operator)]()
        if number is None:
            setattr(it, field, flipped)
        else:
            getattr(it, field)[number] = flipped
        return it

    yield _short(apply(deepcopy(node))), apply


def _negated(it: ast.AST) -> ast.AST:
    it.test = ast.UnaryOp(ast.Not(), it.test)  # type: ignore[attr-defined]
    return it


def _nothing(_: ast.AST) -> ast.AST:
    return ast.Pass()


def _raising(it: ast.AST) -> ast.AST:
    it.body = [ast.Raise()]  # type: ignore[attr-defined]
    return it


def _swapped(it: ast.AST) -> ast.AST:
    it.args[0], it.args[1] = it.args[1], it.args[0]  # type: ignore[attr-defined]
    return it


def _without_case(number: int) -> Apply:
    def apply(it: ast.AST) -> ast.AST:
        del it.cases[number]  # type: ignore[attr-defined]
        return it if it.cases else ast.Pass()  # type: ignore[attr-defined]

    return apply


def _is_flipped(test: ast.expr) -> bool:
    """Whether its negation is among the changes of the test itself."""
    inverted = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return isinstance(test.ops[0], inverted)
    return isinstance(test, ast.UnaryOp) or (isinstance(test, ast.Constant) and test.value is True)


def _is_nothing(node: ast.expr | None) -> bool:
    """Whether ``None`` would say the same: False is changed into True, as a constant."""
    return isinstance(node, ast.Constant) and node.value in (None, False)


def _raises(node: ast.ExceptHandler) -> bool:
    return len(node.body) == 1 and isinstance(node.body[0], ast.Raise)


def _may_be_swapped(first: ast.expr, second: ast.expr) -> bool:
    return not {type(first), type(second)} & {ast.Starred, ast.Constant} and (
        ast.dump(first) != ast.dump(second)
    )


def _short(node: ast.AST) -> str:
    if isinstance(node, ast.ExceptHandler):
        return f"except {ast.unparse(node.type) if node.type else ''}".strip()
    if isinstance(node, ast.Match):
        return f"match {ast.unparse(node.subject)}"
    if isinstance(node, ast.If | ast.While):
        return f"if {_short(node.test)}"
    if isinstance(node, ast.IfExp):
        return f"... if {_short(node.test)}"
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 90 else text[:60] + " ... " + text[-25:]


def _changed(
    tree: ast.Module, function: Function, name: str, place: int, apply: Apply
) -> ast.Module:
    """A module with nothing but the changed function, in a class if it is a method."""
    copy = deepcopy(function)
    target = next(node for number, node in enumerate(ast.walk(copy)) if number == place)
    _Replace(target, apply).visit(copy)
    if _needs_its_class(function):  # so does the mutant, or its code would not fit the function
        copy.body.append(ast.Expr(ast.Name("__class__", ast.Load())))
    changed: ast.stmt = copy
    copy.decorator_list = []
    *classes, _ = name.split(".")
    for around in reversed(classes):
        changed = ast.ClassDef(around, [], [], [changed], [])
    futures = [
        node
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]
    return ast.fix_missing_locations(ast.Module([*futures, changed], []))


def _needs_its_class(function: Function) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id in ("super", "__class__")
        for node in ast.walk(function)
    )


class _Replace(ast.NodeTransformer):
    def __init__(self, target: ast.AST, apply: Apply) -> None:
        self._target, self._apply = target, apply

    def visit(self, node: ast.AST) -> ast.AST | None:
        if node is not self._target:
            found: ast.AST = self.generic_visit(node)
            return found
        after = self._apply(node)
        return ast.copy_location(after, node) if after is not None else None


def code_of(mutant: Mutant, filename: str) -> CodeType:
    """The changed function's code."""
    code = compile(mutant.code, filename, "exec", dont_inherit=True)
    for name in mutant.function.split("."):
        code = next(it for it in code.co_consts if isinstance(it, CodeType) and it.co_name == name)
    return code


def defaults_of(
    mutant: Mutant, names: dict[str, Any]
) -> tuple[tuple[Any, ...] | None, dict[str, Any] | None]:
    """Its parameters' defaults and those of its keywords, which are no part of its code.

    ``names`` are the module's.
    """
    node: ast.AST = mutant.code.body[-1]
    while isinstance(node, ast.ClassDef):
        node = node.body[0]
    if not isinstance(node, Function):
        raise TypeError(f"no function: {ast.unparse(node)}")

    def value(default: ast.expr) -> Any:
        return eval(compile(ast.Expression(default), "", "eval"), names)  # noqa: S307 - our code

    keywords = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    return (
        tuple(map(value, node.args.defaults)) or None,
        {it.arg: value(default) for it, default in keywords if default is not None} or None,
    )
