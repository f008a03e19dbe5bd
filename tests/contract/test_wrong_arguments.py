"""What a caller of make got wrong is said in a sentence, with a status that is a failure's."""

from __future__ import annotations

import pytest

from tests.support.drivers.copied_tree import run
from tools.base.workspace import CHECKOUT

NO_FOLDER = "/proc/none"
"""In which nobody can make a file, not even root."""


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        ("local load --rate=many", "--rate: a number greater than 0, not 'many'"),
        ("simulation --seeds=9-1", "seeds go from the lower to the higher, such as 1-200"),
        ("simulation --seed=seven", "seeds are numbers, such as 7 or 1-200, not 'seven'"),
        ("simulation --days=-1", "--days: a whole number from 1 to "),
        (f"simulation --seed=1 --trace={NO_FOLDER}/t", f"{NO_FOLDER}/t: No such file or directory"),
        (f"docgen.clients --out={NO_FOLDER}", f"{NO_FOLDER}: No such file or directory"),
        (f"checks.secret_scan --paths={NO_FOLDER}", f"{NO_FOLDER}: No such file or directory"),
        (f"operations history --order={'0' * 32} --version=-1", "--version: a whole number from 1"),
        ("generator make --name=returns --kind=thing", "there are aggregate, api, view, worker"),
    ],
)
def test_it_is_a_sentence_and_no_trace(program: str, sentence: str) -> None:
    done = run(CHECKOUT, *f"tools.{program}".split())
    assert done.returncode in {1, 2}, done.stdout
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert "Errno" not in done.stderr
