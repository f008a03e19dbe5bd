"""What a caller of make got wrong is said in a sentence, with a status that is a failure's."""

from __future__ import annotations

import pytest

from tests.support.drivers.copied_tree import run
from tools.base.workspace import CHECKOUT

NO_FOLDER = "/proc/none"
"""In which nobody can make a file, not even root."""
NO_ACCOUNT = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}
SIGNING = ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


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


@pytest.mark.parametrize(
    "program", ["operations --environment=dev stuck", "teardown --environment=dev"]
)
def test_without_credentials_it_says_how_to_name_some(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in NO_ACCOUNT.items():
        monkeypatch.setenv(name, value)
    for name in SIGNING:
        monkeypatch.delenv(name, raising=False)
    done = run(CHECKOUT, *f"tools.{program}".split())
    assert done.returncode == 1, done.stdout
    assert "no credentials of AWS were found: name a profile" in done.stderr
    assert "Traceback" not in done.stderr
