"""docs/traceability.md names no test that does not exist, and no level without a test of it."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "traceability.md"
NAME = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)(?:\[([^\]]+)\])?`")
SECTION = re.DOTALL | re.MULTILINE
PLACES = {
    "T": ("tests/infra/",),
    "E": ("tests/integration/", "tests/e2e/", "tests/faults/"),
    # Manifests are judged by real processes, with no emulator.
    "P": ("tests/unit/", "tests/contract/", "tests/integration/test_kubernetes_"),
}
CLAIMED = {
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    11,
    12,
    13,
    14,
    15,
    16,
    17,
    18,
    19,
    20,
    21,
    22,
    23,
    24,
    25,
    26,
    27,
    28,
    29,
    30,
    31,
    32,
    33,
    34,
    35,
    36,
    37,
    38,
    39,
    40,
    41,
    42,
    43,
    44,
    45,
    46,
    47,
    48,
    49,
    50,
    51,
    52,
    53,
    54,
    55,
    56,
    57,
    58,
    59,
    60,
    61,
    62,
    64,
    65,
    66,
    67,
    68,
    70,
    71,
}
"""The requirements that are claimed to be met: none of them may lose its section."""

REQUIREMENTS = 71
"""How many there are, proved or not."""

Named = tuple[str, str, str | None]


def named_tests(text: str) -> list[Named]:
    """File, function (or class and method) and parameter of every test that a text names."""
    return [(path, name, parameter or None) for path, name, parameter in NAME.findall(text)]


def proofs(text: str) -> list[tuple[int, str, list[Named]]]:
    """Requirement, level and tests of each list that proves a requirement."""
    found = []
    for number, section in re.findall(r"^### (\d+)\. (.+?)(?=^###? |\Z)", text, SECTION):
        for level, listed in re.findall(
            r"^\*\*(\w)\*\*, [^\n]+:\n\n(.*?)(?=^\*|\Z)", section, SECTION
        ):
            found.append((int(number), level, named_tests(listed)))
    return found


def not_claimed(text: str) -> list[int]:
    """The requirements that the page lists as not met yet."""
    _, _, rest = text.partition("\n## Not claimed yet\n")
    return [int(it) for it in re.findall(r"^- (\d+)\. ", rest.partition("\n## ")[0], re.MULTILINE)]


@cache
def definitions(path: Path) -> frozenset[str]:
    """Functions, classes and their methods, as pytest names them."""
    names: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            inner = [it.name for it in node.body if isinstance(it, ast.FunctionDef)]
            names |= {f"{node.name}::{name}" for name in inner}
    return frozenset(names)


def is_missing(test: Named) -> bool:
    """Whether pytest would not find it. A parameter is a rule: a function beside the test."""
    path, name, parameter = test
    file = ROOT / path
    if not file.exists() or name not in definitions(file):
        return True
    if parameter is None:
        return False
    return not any(parameter in definitions(it) for it in file.parent.rglob("*.py"))


TEXT = PAGE.read_text()


@pytest.mark.parametrize("test", named_tests(TEXT), ids=lambda test: "::".join(filter(None, test)))
def test_every_test_that_is_named_exists(test: Named) -> None:
    assert not is_missing(test)


def test_every_claimed_requirement_has_a_section() -> None:
    assert {number for number, _, _ in proofs(TEXT)} == CLAIMED


def test_every_requirement_is_either_proved_or_listed_as_not_claimed() -> None:
    assert sorted([*CLAIMED, *not_claimed(TEXT)]) == list(range(1, REQUIREMENTS + 1))


def test_no_heading_and_no_level_is_misread() -> None:
    """What looks like one and is not read as one would not be checked at all."""
    headings = re.findall(r"^### \d+\.", TEXT, re.MULTILINE)
    levels = re.findall(r"^\*\*\w\*\*", TEXT, re.MULTILINE)
    assert len(headings) == len(CLAIMED)
    assert len(levels) == len(proofs(TEXT))


def test_every_level_of_a_requirement_has_a_test_of_that_level() -> None:
    for number, level, tests in proofs(TEXT):
        at_level = [path for path, _, _ in tests if path.startswith(PLACES[level])]
        assert at_level, f"requirement {number} claims {level} and names no test of it"
        assert len(at_level) == len(tests), f"requirement {number} has a test of another level"


def test_nothing_on_the_page_looks_like_a_test_and_is_none() -> None:
    assert TEXT.count("`tests/") == len(named_tests(TEXT)) + TEXT.count("`tests/e2e`") + (
        TEXT.count("`tests/contract/test_traceability.py`")
    )


def test_a_test_that_is_gone_would_be_noticed() -> None:
    gone = "`tests/contract/test_traceability.py::test_gone` `tests/unit/gone.py::test_x`"
    wrong_rule = "`tests/infra/test_rules.py::test_rule_holds[rules_that_nobody_wrote]`"
    assert [is_missing(test) for test in named_tests(gone + wrong_rule)] == [True] * 3
