"""A test that looks kills a mutant, one that does not lets it live, and no test at all is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = """
from functools import cache

def add(a, b): return a + b

@cache
def double(a): return a * 2

def loop(n):
    while n > 0: n -= 1
    return n

def lonely(): return 1

def fixed(a, rate=2, *, more=3): return a * rate + more

class Shop:
    def __init__(self): self.begun = True

    @property
    def open(self): return True

    @staticmethod
    def price(a): return -a if a < 0 else a

class Corner(Shop):
    def __init__(self):
        super().__init__()
"""
TESTS = """
import shop

def test_that_looks():
    assert shop.add(1, 2) == 3
    assert shop.double(4) == 8

def test_that_does_not():
    shop.Shop().open
    assert shop.Corner().begun

def test_of_defaults():
    assert shop.fixed(5) == 13

def test_of_a_loop():
    assert shop.loop(3) == 0

def test_of_a_static_method():
    assert shop.Shop.price(-2) == 2
    assert shop.Shop.price(3) == 3
"""
RUN = """
import json, sys
from pathlib import Path

import pytest
import pytest
from tools.checks.mutation.mutants import mutants_of
from tools.checks.mutation.session import MutationSession
root = Path.cwd()
session = MutationSession(root, list(mutants_of(root / "shop.py", "shop.py")), 1)
status = pytest.main(["-q", "-p", "no:cacheprovider", "."], plugins=[session])
print(json.dumps([int(status), session.verdicts]))
"""


@pytest.mark.nightly
def test_each_mutant_is_judged_by_the_tests_that_call_it(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(MODULE)
    (tmp_path / "test_shop.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    root = Path(__file__).parents[4]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(root)!r})\n{RUN}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    status, verdicts = json.loads(done.stdout.splitlines()[-1])
    assert status == 0
    assert {name.partition(":")[2]: verdict for name, verdict in verdicts.items()} == {
        "add: return a + b -> return None": "killed",
        "add: a + b -> a - b": "killed",
        "double: return a * 2 -> return None": "killed",
        "double: a * 2 -> a // 2": "killed",
        "double: 2 -> 3": "killed",
        "Shop.__init__: self.begun = True -> pass": "killed",
        "Shop.__init__: True -> False": "killed",
        "Corner.__init__: super().__init__() -> pass": "killed",
        "loop: if n > 0 -> if not n > 0": "killed",
        "loop: n > 0 -> n >= 0": "killed",
        "loop: 0 -> 1": "killed",
        "loop: n -= 1 -> pass": "killed",
        "loop: 1 -> 2": "killed",
        "loop: return n -> return None": "killed",
        "fixed: return a * rate + more -> return None": "killed",
        "fixed: a * rate + more -> a * rate - more": "killed",
        "fixed: a * rate -> a // rate": "killed",
        "fixed: 2 -> 3": "killed",
        "fixed: 3 -> 4": "killed",
        "lonely: return 1 -> return None": "untested",
        "lonely: 1 -> 2": "untested",
        "Shop.open: return True -> return None": "survived",
        "Shop.open: True -> False": "survived",
        "Shop.price: return -a if a < 0 else a -> return None": "killed",
        "Shop.price: ... if a < 0 -> if not a < 0": "killed",
        "Shop.price: a < 0 -> a <= 0": "survived",
        "Shop.price: 0 -> 1": "survived",
    }
