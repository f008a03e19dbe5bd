"""What a caller says to a make target reaches its command as an argument, and as nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.make_stub import ROOT, StubbedCheckout

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
RECIPES: dict[str, str] = dict(re.findall(r"^([a-z-]+):.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE))
CALLERS = re.search(r"^CALLERS := ((?:.*\\\n)*.*)", MAKEFILE, re.MULTILINE)
VARIABLES: tuple[str, ...] = tuple(CALLERS[1].replace("\\\n", " ").split()) if CALLERS else ()

# By target, the calls of tools that it makes when every variable is given: {NAME} is NAME's text.
LOCAL, OPERATE = "python -m local", "python -m operations --environment={ENVIRONMENT}"
CONFIGURED = "--environment={ENVIRONMENT} --service={SERVICE}"
MOMENT = "--order={ORDER} --at={AT} --version={VERSION}"
CALLS: dict[str, tuple[str, ...]] = {
    "load": (f"{LOCAL} load --rate={{RATE}} --duration={{DURATION}} --mix={{MIX}}",),
    "rotate": (f"{LOCAL} rotate -- {{SERVICE}}",),
    "secret-scan": ("python -m secret_scan --paths={PATHS}",),
    "costs": ("python -m costs record --count={ORDERS} --environment={ENVIRONMENT}",),
    "redrive": (f"{OPERATE} redrive --consumer={{CONSUMER}}",),
    "park": (f"{OPERATE} park --consumer={{CONSUMER}} --shard={{SHARD}} --sequence={{SEQUENCE}}",),
    "history": (f"{OPERATE} history {MOMENT}",),
    "view": (f"{OPERATE} view {MOMENT} --view={{VIEW}}",),
    "reconcile": (f"{OPERATE} reconcile",),
    "rebuild": (f"{OPERATE} rebuild --view={{VIEW}}",),
    "rebuild-back": (f"{OPERATE} rebuild-back --view={{VIEW}}",),
    "rebuild-retire": (f"{OPERATE} rebuild-retire --view={{VIEW}}",),
    "checksum": (f"{OPERATE} checksum --view={{VIEW}}",),
    "config-plan": (f"python -m configuration plan {CONFIGURED}",),
    "config-apply": (f"python -m configuration apply {CONFIGURED} --strategy={{STRATEGY}}",),
    "config-drift": (f"python -m configuration drift {CONFIGURED}",),
    "synth": (
        "python -m bundling --target cloud",
        "cdk synth --quiet --context environment={ENVIRONMENT}",
    ),
    "deploy": (
        "python -m configuration check --environment={ENVIRONMENT} --committed",
        "cdk deploy --all --context environment={ENVIRONMENT}",
        "python -m configuration apply --environment={ENVIRONMENT}",
    ),
    "destroy": ("python -m teardown --environment={ENVIRONMENT}",),
}
# Whose only variable is a switch for tests.
SWITCHED = {"test", "test-nightly", "check-behaviour", "snapshots"}

PAYLOADS = (
    "x; touch planted",
    "$(shell touch planted)",
    "${shell touch planted}",
    "$(touch planted)",
    "$$(touch planted)",
    "$(eval $(shell touch planted))",
    "`touch planted`",
    "'; touch planted; '",
    '"; touch planted; "',
    "a\ntouch planted",
    "x & touch planted",
    "x | touch planted",
    "x > planted",
    "2026-12-01 09:30Z",
    "--help",
    "a, b) c",
    "#x",
    "*",
    "~",
    "back\\slash\\",
    "$",
    "é 二",
)
SWITCHES = frozenset({"CONFIRM", "APPROVE", "ENFORCE"})
GIVEN = tuple(name for name in VARIABLES if name not in {"ENV", "PYTHON"})


@pytest.fixture
def checkout(tmp_path: Path) -> StubbedCheckout:
    """A checkout that is set up and calls nothing real."""
    return StubbedCheckout.at(tmp_path)


def expected(target: str, said: dict[str, str]) -> list[list[str]]:
    """The calls that a target makes, word by word, when its caller said this."""
    return [[word.format_map(said) for word in call.split()] for call in CALLS[target]]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_whatever_a_caller_says_is_one_argument(checkout: StubbedCheckout, payload: str) -> None:
    said = {name: name + payload for name in GIVEN}
    done = checkout.run(*CALLS, *(f"{name}={text}" for name, text in said.items()))
    assert done.returncode == 0, done.stderr
    assert checkout.calls() == [call for target in CALLS for call in expected(target, said)]
    assert not list(checkout.folder.glob("planted*"))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_begins_with_a_payload_is_an_argument_too(
    checkout: StubbedCheckout, payload: str
) -> None:
    said = dict.fromkeys(GIVEN, payload)
    done = checkout.run("history", "rotate", *(f"{name}={payload}" for name in GIVEN))
    assert done.returncode == 0, done.stderr
    assert checkout.calls() == [*expected("history", said), *expected("rotate", said)]
    assert not (checkout.folder / "planted").exists()


@pytest.mark.parametrize("target", CALLS)
def test_the_environment_is_not_a_caller(checkout: StubbedCheckout, target: str) -> None:
    inherited = {name: f"{name}-of-somebody-else" for name in VARIABLES}
    environment = inherited | {f"GIVEN_{name}": text for name, text in inherited.items()}
    done = checkout.run(target, environment=environment)
    needed = re.findall(r"call (?:needed,[^,]*|argument),(\w+)", RECIPES[target])
    said = [word for call in checkout.calls() for word in call]
    assert not [word for word in said if "somebody" in word]
    if needed:
        assert (done.returncode, said) == (2, [])
        assert f"needs {needed[0]}=" in done.stderr
    else:
        assert done.returncode == 0, done.stderr
        assert set(VARIABLES).isdisjoint(checkout.environment())


@pytest.mark.parametrize("target", ["status", "synth", "check-behaviour"])
def test_how_somebody_set_up_their_python_changes_nothing(
    checkout: StubbedCheckout, target: str
) -> None:
    theirs = ("PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH", "PYTHONOPTIMIZE", "PYTHONWARNINGS")
    checkout.run(target, environment=dict.fromkeys(theirs, "1"))
    assert checkout.calls()
    assert set(theirs).isdisjoint(checkout.environment())


def test_a_variable_that_make_does_not_know_is_refused(checkout: StubbedCheckout) -> None:
    done = checkout.run("reconcile", "CONFRIM=yes", "VENV=$(shell touch planted)")
    assert done.returncode == 2
    assert "make knows no variable" in done.stderr
    assert "CONFRIM" in done.stderr
    assert (checkout.calls(), list(checkout.folder.glob("planted"))) == ([], [])


def test_the_short_name_of_the_environment_is_the_same_everywhere(
    checkout: StubbedCheckout,
) -> None:
    for target in ("reconcile", "config-plan", "synth", "deploy", "destroy", "costs"):
        for name in ("ENV", "ENVIRONMENT"):
            assert checkout.run(target, f"{name}=prod").returncode == 0
            assert any("environment=prod" in word for word in checkout.calls()[-1]), (target, name)
    assert "ENV is short for" in checkout.run("destroy", "ENV=dev", "ENVIRONMENT=prod").stderr


@pytest.mark.parametrize("target", ["redrive", "reconcile", "rebuild-retire", "destroy"])
def test_only_yes_confirms(checkout: StubbedCheckout, target: str) -> None:
    for text, is_confirmed in (("yes", True), ("no", False), ("yes please", True), ("y", False)):
        checkout.run(target, "CONSUMER=sales", "VIEW=sales", f"CONFIRM={text}")
        assert ("--confirm" in checkout.calls()[0]) is is_confirmed, text


def test_a_pipeline_and_an_approval_ask_nobody(checkout: StubbedCheckout) -> None:
    def approval(*arguments: str, ci: str = "") -> list[str]:
        checkout.run("deploy", *arguments, environment={"CI": ci} if ci else None)
        return checkout.calls()[1][-2:]

    never = ["--require-approval", "never"]
    assert approval() != never
    assert approval(ci="false") != never
    assert approval("APPROVE=no") != never
    assert approval(ci="true") == approval("APPROVE=yes") == never


def test_another_python_may_live_in_a_folder_with_spaces(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    checkout = StubbedCheckout.at(tmp_path / "here")
    (checkout.folder / ".venv" / "bin" / "uv").unlink()
    python = tmp_path / "my python; touch planted"
    (checkout.folder / ".venv" / "bin" / "python").rename(python)
    checkout.run("setup", f"PYTHON={python}")
    assert checkout.calls()[0][0] == python.name
    assert not list(tmp_path.rglob("planted"))


def references(text: str) -> Iterator[str]:
    """Names of variables that make or the shell would put in their place."""
    yield from re.findall(r"\$\$?[({]?(?:GIVEN_)?(\w+)", text)


def test_no_recipe_reads_a_callers_variable_by_itself() -> None:
    assert VARIABLES
    body = MAKEFILE[MAKEFILE.index("VENV :=") :]
    raw = [
        line
        for line in body.splitlines()
        if not line.startswith("#") and set(references(line)) & set(VARIABLES)
    ]
    # Each is quoted, or asks only whether there is a value.
    assert [re.sub(r"\s.*", "", line.strip()) for line in raw] == [
        "OPERATE", "CONFIGURE", "STAGE", "APPROVED", "OUTSIDE", "@$(LOCAL)",
    ]  # fmt: skip
    for line in raw:
        for use in re.findall(r"\S*GIVEN_\S*", line):
            assert re.search(r'\$\(if .*\$\(GIVEN_|"\$\$\{GIVEN_\w+:-\w+\}"', line), use


def test_every_target_that_takes_something_is_in_the_table() -> None:
    macros = re.findall(r"^(\w+) :?= (.*(?:GIVEN_|call ).*)$", MAKEFILE, re.MULTILINE)
    taking = {name for name, _ in macros}
    takers = {
        target
        for target, recipe in RECIPES.items()
        if "GIVEN_" in recipe
        or "$(call " in recipe
        or taking & set(re.findall(r"\$\((\w+)\)", recipe))
    }
    assert takers - SWITCHED == set(CALLS)


def test_every_target_is_described_phony_or_a_part_of_another() -> None:
    phony = re.search(r"^\.PHONY: ((?:.*\\\n)*.*)", MAKEFILE, re.MULTILINE)
    assert phony
    names = set(phony[1].replace("\\\n", " ").split())
    assert set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)) == names
