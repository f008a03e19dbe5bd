"""Each kind of change is made once at each place, by a name that does not depend on lines."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from tools.checks.mutation.mutants import Mutant, code_of, mutants_of


def mutants(folder: Path, source: str) -> list[Mutant]:
    path = folder / "module.py"
    path.write_text(textwrap.dedent(source))
    return list(mutants_of(path, "module.py"))


def changes(folder: Path, body: str) -> list[str]:
    """The changes of one function with that body."""
    source = "def f(a, b, c=()):\n" + textwrap.indent(textwrap.dedent(body), "    ")
    return [mutant.change for mutant in mutants(folder, source)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a < b", ["a < b -> a <= b"]),
        ("a == b", ["a == b -> a != b"]),
        ("a is None", ["a is None -> a is not None"]),
        ("a in b", ["a in b -> a not in b"]),
        ("a and b", ["a and b -> a or b"]),
        ("a + b", ["a + b -> a - b"]),
        ("not a", ["not a -> a"]),
        ("a[1]", ["1 -> 2"]),
        ("a(b=True)", ["a(b=True) -> pass", "True -> False"]),
        ("return a", ["return a -> return None"]),
        ("return", []),
        ("return None", []),
        ("return False", ["False -> True"]),
        ("return min(a, b)", ["return min(a, b) -> return None"]),
        ("a.b = c", ["a.b = c -> pass"]),
        ("a = c", []),
        ("a += c", ["a += c -> pass"]),
        ("raise a", ["raise a -> pass"]),
        ("a(b, c)", ["a(b, c) -> pass", "a(b, c) -> (c, b)"]),
        ("a(b, b)", ["a(b, b) -> pass"]),
        ("yield a", ["yield a -> pass"]),
        ("if a:\n    b", ["if a -> if not a"]),
        ("if a is b:\n    b", ["a is b -> a is not b"]),
        ("while a:\n    break", ["if a -> if not a", "break -> continue"]),
        ("for a in b:\n    continue", ["continue -> break"]),
        ("try:\n    a\nexcept ValueError:\n    b", ["except ValueError -> raise"]),
        ("try:\n    a\nexcept ValueError:\n    raise", ["raise -> pass"]),
        (
            "match a:\n    case 'x':\n        b\n    case _:\n        c",
            ["match a -> no case 'x'", "match a -> no case _"],
        ),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_a_change_of_each_kind(tmp_path: Path, body: str, expected: list[str]) -> None:
    assert sorted(changes(tmp_path, body)) == sorted(expected)


@pytest.mark.parametrize(
    "body",
    [
        '"""A text of 1."""',
        'log.info("done", count=1)',
        "assert a == 1",
        "b: int | 1",
        'a = f"{b:1}"',
    ],
)
def test_what_no_test_should_notice_is_left_alone(tmp_path: Path, body: str) -> None:
    assert changes(tmp_path, body) == []


def test_what_is_said_of_an_error_is_left_alone_and_the_error_is_not(tmp_path: Path) -> None:
    assert changes(tmp_path, "raise ValueError(a + 1)") == ["raise ValueError(a + 1) -> pass"]


def test_a_metric_is_no_line_of_a_log(tmp_path: Path) -> None:
    assert "log.metric('Sold', 1) -> pass" in changes(tmp_path, "log.metric('Sold', 1)")


def test_numbers_at_the_top_of_a_module_and_protocols_are_left_alone(tmp_path: Path) -> None:
    found = mutants(
        tmp_path,
        """
        LIMIT = 5
        class Port(Protocol):
            def find(self): return 1
        """,
    )
    assert found == []


def test_the_same_change_twice_in_a_function_has_two_names(tmp_path: Path) -> None:
    assert changes(tmp_path, "a[1]\nb[1]") == ["1 -> 2", "1 -> 2 #2"]


def test_a_name_does_not_depend_on_lines(tmp_path: Path) -> None:
    [before] = mutants(tmp_path, "def f(a): return a")
    [after] = mutants(tmp_path, "# a comment\n\ndef g(): pass\n\ndef f(a):\n    return a")
    assert before.name == after.name == "module.py:f: return a -> return None"
    assert before.line != after.line


SOURCE = """
from __future__ import annotations

class Shop:
    def __init__(self, stock): self.stock = stock

    @property
    def is_empty(self) -> bool: return self.stock == 0

    def sell(self, count: int = 1) -> int:
        def left(): return self.stock - count
        return left()
"""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("Shop.sell: self.stock - count -> self.stock + count", 6),
        ("Shop.sell: return left() -> return None", None),
        ("Shop.sell: return self.stock - count -> return None", None),
    ],
)
def test_a_mutants_code_can_be_put_in_the_functions_place(
    tmp_path: Path, change: str, expected: object
) -> None:
    by_name = {mutant.name: mutant for mutant in mutants(tmp_path, SOURCE)}
    names: dict[str, Any] = {}
    exec(compile(SOURCE, "module.py", "exec"), names)  # noqa: S102 - the source above
    shop = names["Shop"]
    assert shop(5).sell() == 4
    shop.sell.__code__ = code_of(by_name[f"module.py:{change}"], "module.py")
    assert shop(5).sell() == expected
