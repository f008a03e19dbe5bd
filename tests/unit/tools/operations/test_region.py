"""Every command works in one region: REGION=, then AWS_REGION, then cdk.json; and says it first."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from tools.base import region
from tools.base.workspace import CHECKOUT
from tools.configuration.__main__ import main as configuration
from tools.operations.__main__ import main as operations
from tools.teardown.__main__ import main as teardown

DEFAULT: str = json.loads((CHECKOUT / "cdk.json").read_text())["context"]["region"]
ACCOUNT = "210987654321"
COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "operations": lambda said: operations(["--environment", "prod", *said, "where"]),
    "configuration": lambda said: configuration(["plan", "--environment", "prod", *said]),
    "teardown": lambda said: teardown(["--environment", "prod", *said]),
}


class Stopped(Exception):
    """The first call of the command's own: nothing went before where it works."""


class FakeSession:
    """An account in which only the question whose it is has an answer."""

    made: list[str | None]

    def __init__(self, region_name: str | None = None) -> None:
        self.made.append(region_name)

    def client(self, service: str, **_: Any) -> Any:
        if service != "sts":
            raise Stopped(service)
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": ACCOUNT}


@pytest.fixture
def regions(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The regions of the sessions that a command makes."""
    FakeSession.made = []
    monkeypatch.setattr(boto3, "Session", FakeSession)
    monkeypatch.delenv("AWS_REGION", raising=False)
    # Which boto3 reads by itself, and which is none of the three.
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-southeast-2")
    return FakeSession.made


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("said", "inherited", "expected"),
    [
        ("us-east-1", "eu-north-1", "us-east-1"),
        (None, "eu-north-1", "eu-north-1"),
        (None, "", DEFAULT),
        (None, None, DEFAULT),
    ],
)
def test_a_command_works_where_it_says(
    regions: list[str | None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    said: str | None,
    inherited: str | None,
    expected: str,
) -> None:
    if inherited is not None:
        monkeypatch.setenv("AWS_REGION", inherited)
    with contextlib.suppress(Stopped):
        COMMANDS[command](["--region", said] if said else [])
    assert set(regions) == {expected}
    shown = capsys.readouterr().out.splitlines()[0]
    for part in ("prod", ACCOUNT, expected):
        assert part in shown


@pytest.mark.parametrize(
    ("context", "inherited", "expected"),
    [
        (DEFAULT, "", DEFAULT),
        (DEFAULT, DEFAULT, DEFAULT),
        ("us-gov-west-1", "eu-north-1", "us-gov-west-1"),
        (DEFAULT, "eu-north-1", None),
    ],
)
def test_the_cdk_works_where_the_others_do_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, context: str, inherited: str, expected: str | None
) -> None:
    monkeypatch.setenv("AWS_REGION", inherited)
    if expected is None:
        with pytest.raises(region.RegionUnclear, match=f"-c region={inherited}"):
            region.of_context(context)
    else:
        assert region.of_context(context) == expected


def test_make_hands_the_same_region_to_the_cdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    for arguments, expected in (([], "eu-north-1"), (["--region=us-east-1"], "us-east-1")):
        said = subprocess.run(
            [sys.executable, "-m", "tools.base.region", *arguments],
            cwd=CHECKOUT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert said.stdout == expected + "\n"


def test_no_command_names_a_region_of_its_own() -> None:
    for package in ("operations", "configuration", "teardown"):
        files = list((CHECKOUT / "tools" / package).glob("*.py"))
        assert files
        for file in files:
            assert DEFAULT not in file.read_text("utf-8").replace(f"``{DEFAULT}``", ""), file
