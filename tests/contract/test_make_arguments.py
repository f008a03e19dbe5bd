"""What a caller says to a make target reaches its command as an argument, and as nothing else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.contract.make_stub import ROOT, StubbedCheckout
from tools.generator.generate import kinds

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
RECIPES: dict[str, str] = dict(
    re.findall(r"^([a-z0-9-]+):.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
)
CALLERS = re.search(r"^CALLERS := ((?:.*\\\n)*.*)", MAKEFILE, re.MULTILINE)
VARIABLES: tuple[str, ...] = tuple(CALLERS[1].replace("\\\n", " ").split()) if CALLERS else ()

HERE = "--environment={ENVIRONMENT} --region={REGION}"
# The stub for Python says nothing; a test of `region` reads what the real one says.
CONTEXT = "--context environment={ENVIRONMENT} --context region="
# By target, the calls of tools that it makes when every variable is given: {NAME} is NAME's text.
LOCAL, OPERATE = "python -m tools.local", "python -m tools.operations {HERE}"
CONFIGURED = "{HERE} --service={SERVICE}"
MOMENT = "--order={ORDER} --at={AT} --version={VERSION}"
CALLS: dict[str, tuple[str, ...]] = {
    "affected": ("python -m tools.affected --base={BASE} --format={FORMAT}",),
    "test-affected": ("python -m tools.affected test --base={BASE}",),
    "load": (f"{LOCAL} load --rate={{RATE}} --duration={{DURATION}} --mix={{MIX}}",),
    "soak": (f"{LOCAL} soak --minutes={{MINUTES}} --rate={{RATE}}",),
    "release": (
        "python -m tools.release {HERE} --service={SERVICE} --version={VERSION} --fault={FAULT}",
    ),
    "quote": ("python -m tools.quote {HERE} --lines={LINES}",),
    "rotate": (f"{LOCAL} rotate -- {{SERVICE}}",),
    "secret-scan": ("python -m tools.checks.secret_scan --paths={PATHS}",),
    "mutate": ("python -m tools.checks.mutation --paths={PATHS}",),
    "simulate": (
        "python -m tools.simulation --seed={SEED} --seeds={SEEDS} --days={DAYS} --bug={BUG}"
        " --trace={TRACE}",
    ),
    "costs": ("python -m tools.measure.costs record --count={ORDERS} --environment={ENVIRONMENT}",),
    "bill": (
        "python -m tools.measure.costs bill --environment={ENVIRONMENT} --orders={ORDERS} "
        "--lines={LINES} --log-days={KEEP}",
    ),
    "redrive": (f"{OPERATE} redrive --consumer={{CONSUMER}}",),
    "redrive-queue": (f"{OPERATE} redrive-queue --queue={{QUEUE}}",),
    "stuck": (f"{OPERATE} stuck",),
    "resume": (f"{OPERATE} resume --order={{ORDER}}",),
    "park": (f"{OPERATE} park --consumer={{CONSUMER}} --shard={{SHARD}} --sequence={{SEQUENCE}}",),
    "discard": (
        f"{OPERATE} discard --consumer={{CONSUMER}} --shard={{SHARD}} --sequence={{SEQUENCE}}",
    ),
    "service-map": (f"{OPERATE} service-map --out={{OUT}}",),
    "trace": (f"{OPERATE} trace --order={{ORDER}}",),
    "history": (f"{OPERATE} history {MOMENT}",),
    "view": (f"{OPERATE} view {MOMENT} --view={{VIEW}}",),
    "reconcile": (f"{OPERATE} reconcile",),
    "rebuild": (f"{OPERATE} rebuild --view={{VIEW}}",),
    "rebuild-back": (f"{OPERATE} rebuild-back --view={{VIEW}}",),
    "rebuild-retire": (f"{OPERATE} rebuild-retire --view={{VIEW}}",),
    "checksum": (f"{OPERATE} checksum --view={{VIEW}}",),
    "config-plan": (f"python -m tools.configuration plan {CONFIGURED}",),
    "config-apply": (f"python -m tools.configuration apply {CONFIGURED} --strategy={{STRATEGY}}",),
    "config-drift": (f"python -m tools.configuration drift {CONFIGURED}",),
    "synth": (
        "python -m bundling --target cloud",
        "python -m tools.base.region --region={REGION}",
        "cdk synth --quiet {CONTEXT} --context containers=true",
    ),
    "deploy": (
        "python -m tools.operations {HERE} where",
        "python -m tools.operations {HERE} quota",
        "python -m tools.operations {HERE} mail",
        "python -m tools.operations {HERE} providers",
        "python -m tools.operations {HERE} spans",
        "python -m tools.configuration check --environment={ENVIRONMENT} --committed",
        "python -m tools.base.region --region={REGION}",
        # The stub has no pyproject.toml, where the product's name is.
        "cdk deploy --exclusively -{ENVIRONMENT}-{SERVICE} {CONTEXT}",
        "python -m tools.configuration apply {CONFIGURED}",
    ),
    "k8s-check": ("python -m tools.kubernetes check --crds={CRDS} --stage={ENVIRONMENT}",),
    "pin-images": ("python -m tools.kubernetes.pinning {HERE} --version={VERSION}",),
    "k8s-judge": ("python -m tools.kubernetes judge --in={IN} --out={OUT} --crds={CRDS}",),
    "client": ("python -m tools.docgen.clients --out={OUT}",),
    "canary": ("python -m tools.delivery {CONFIGURED}",),
    "rename": ("python -m tools.rename --name={NAME}",),
    "service": ("python -m tools.generator make --name={NAME} --kind={KIND} --owner={OWNER}",),
    "service-remove": ("python -m tools.generator remove --name={NAME}",),
    "smoke": ("python -m tools.smoke {HERE}",),
    "destroy": ("python -m tools.teardown {HERE}",),
}
# Whose only variable is a switch for tests, or has a test of its own.
SWITCHED = {"up", "run", "test", "test-nightly", "check-behaviour", "snapshots", "setup", "doctor"}

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
# Each is said to every target: one of a kind in `make test`, all of them at night.
OF_A_KIND = {"$(shell touch planted)", "'; touch planted; '", "a\ntouch planted", "--help", "é 二"}
SAID = [pytest.param(it, marks=[] if it in OF_A_KIND else [pytest.mark.nightly]) for it in PAYLOADS]
SWITCHES = frozenset({"ALL", "CONFIRM", "CONTAINERS", "APPROVE", "ENFORCE"})
SAYS_YES, SAYS_NO = ("yes", "true", "1"), ("no", "false", "0")
GIVEN = tuple(name for name in VARIABLES if name not in {"ENV", "PYTHON", *SWITCHES})


@pytest.fixture
def checkout(tmp_path: Path) -> StubbedCheckout:
    """A checkout that is set up and calls nothing real."""
    return StubbedCheckout.at(tmp_path)


def expected(target: str, said: dict[str, str]) -> list[list[str]]:
    """The calls that a target makes, word by word, when its caller said this."""
    calls = (
        call.replace("{CONFIGURED}", CONFIGURED)
        .replace("{HERE}", HERE)
        .replace("{CONTEXT}", CONTEXT)
        .split()
        for call in CALLS[target]
    )
    return [[word.format_map(said) for word in call] for call in calls]


@pytest.mark.parametrize("payload", SAID)
def test_whatever_a_caller_says_is_one_argument(checkout: StubbedCheckout, payload: str) -> None:
    said = {name: name + payload for name in GIVEN}
    done = checkout.run(*CALLS, *(f"{name}={text}" for name, text in said.items()))
    assert done.returncode == 0, done.stderr
    assert checkout.calls() == [call for target in CALLS for call in expected(target, said)]
    assert not list(checkout.folder.glob("planted*"))


@pytest.mark.parametrize("payload", SAID)
def test_what_begins_with_a_payload_is_an_argument_too(
    checkout: StubbedCheckout, payload: str
) -> None:
    said = dict.fromkeys(GIVEN, payload)
    done = checkout.run("history", "rotate", *(f"{name}={payload}" for name in GIVEN))
    assert done.returncode == 0, done.stderr
    assert checkout.calls() == [*expected("history", said), *expected("rotate", said)]
    assert not (checkout.folder / "planted").exists()


def test_a_kind_that_is_missing_is_asked_for_with_all_that_there_are(
    checkout: StubbedCheckout,
) -> None:
    done = checkout.run("service", "NAME=returns")
    named = re.search(r"`make service` needs KIND=([a-z|]+);", done.stderr)
    assert named, done.stderr
    assert sorted(named[1].split("|")) == kinds()


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


@pytest.mark.parametrize(
    "target", ["redrive", "discard", "resume", "reconcile", "rebuild-retire", "destroy", "rename"]
)
def test_only_yes_confirms(checkout: StubbedCheckout, target: str) -> None:
    named = ("NAME=x", "CONSUMER=sales", "VIEW=sales", "ORDER=1", "SHARD=s", "SEQUENCE=1")
    for text in ("", *SAYS_NO, *SAYS_YES):
        checkout.run(target, *named, f"CONFIRM={text}")
        assert ("--confirm" in checkout.calls()[0]) is (text in SAYS_YES), text


@pytest.mark.parametrize("target", ["up", "run"])
def test_only_yes_starts_containers(checkout: StubbedCheckout, target: str) -> None:
    for text in ("", *SAYS_NO, *SAYS_YES):
        checkout.run(target, f"CONTAINERS={text}")
        assert ("--containers" in checkout.calls()[-1]) is (text in SAYS_YES), text


@pytest.mark.parametrize("text", [*SAYS_YES, *SAYS_NO])
def test_tools_are_told_yes_or_no_and_nothing_else(checkout: StubbedCheckout, text: str) -> None:
    checkout.run("status", *(f"{name}={text}" for name in SWITCHES))
    told = {name: checkout.environment()[f"GIVEN_{name}"] for name in SWITCHES}
    assert told == dict.fromkeys(SWITCHES, "yes" if text in SAYS_YES else "no")


@pytest.mark.parametrize("name", sorted(SWITCHES))
def test_what_is_neither_yes_nor_no_is_refused(checkout: StubbedCheckout, name: str) -> None:
    for text in ("y", "nope", "yes please", "yes no", "Yes", "%", *PAYLOADS):
        done = checkout.run("status", f"{name}={text}")
        assert (done.returncode, checkout.calls()) == (2, []), text
        assert f"{name} is one of yes true 1, or one of no false 0; not '{text}'" in done.stderr
    assert not list(checkout.folder.glob("planted*"))


def test_every_switch_is_judged() -> None:
    """Whatever a recipe compares with yes is one, and so is what it hands on as one."""
    listed = re.search(r"^SWITCHES := (.*)", MAKEFILE, re.MULTILINE)
    assert listed
    assert set(listed[1].split()) == SWITCHES
    compared = re.findall(r"filter yes,\$\(GIVEN_(\w+)\)|call flag,[^,]*,(\w+)\)", MAKEFILE)
    used = {name for pair in compared for name in pair if name}
    assert used <= SWITCHES
    said = set(re.findall(r"\b([A-Z]+)=yes\b", "".join(re.findall(r"## .*", MAKEFILE))))
    assert said == SWITCHES


def test_a_pipeline_and_an_approval_ask_nobody(checkout: StubbedCheckout) -> None:
    def approval(*arguments: str, ci: str = "") -> list[str]:
        checkout.run("deploy", *arguments, environment={"CI": ci} if ci else None)
        return next(it for it in checkout.calls() if it[0] == "cdk")[-2:]

    never = ["--require-approval", "never"]
    assert approval() != never
    assert approval(ci="false") != never
    assert approval("APPROVE=no") != never
    assert approval(ci="true") == approval("APPROVE=yes") == never


def test_another_python_may_live_in_a_folder_with_spaces(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    checkout = StubbedCheckout.at(tmp_path / "here")
    python = tmp_path / "my python; touch planted"
    (checkout.folder / ".venv" / "bin" / "python").rename(python)
    checkout.run("setup", f"PYTHON={python}")
    assert checkout.calls() == [[python.name, "-E", "-s", "-S", "-m", "tools.toolchain"]]
    assert not list(tmp_path.rglob("planted"))


def test_a_python_that_is_not_there_is_named_in_the_next_step(checkout: StubbedCheckout) -> None:
    shutil.rmtree(checkout.folder / ".venv")
    done = checkout.run("setup", "PYTHON=/nowhere/python")
    assert done.returncode == 2
    assert "make setup PYTHON=/path/to/python3.11" in done.stderr


def test_the_doctor_needs_no_setup_and_asks_the_python_that_was_named(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    checkout = StubbedCheckout.at(tmp_path / "here")
    python = tmp_path / "my python"
    (checkout.folder / ".venv" / "bin" / "python").rename(python)
    shutil.rmtree(checkout.folder / ".venv")
    assert checkout.run("doctor", f"PYTHON={python}").returncode == 0
    assert checkout.calls() == [[python.name, "-E", "-s", "-S", "-m", "tools.doctor"]]
    done = checkout.run("doctor", "PYTHON=/nowhere/python")
    assert done.returncode == 2
    assert "make doctor PYTHON=/path/to/python3.11" in done.stderr


def test_packages_come_from_where_somebody_says_and_go_where_they_belong(
    checkout: StubbedCheckout,
) -> None:
    theirs = {
        "PIP_INDEX_URL": "https://packages.example/simple",
        "PIP_CERT": "/etc/company.pem",
        "UV_INDEX_URL": "https://packages.example/simple",
        "UV_CACHE_DIR": "/big/disk",
        "npm_config_registry": "https://packages.example/npm",
    }
    not_heard = dict.fromkeys(
        (
            *("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_NO_DEPS"),
            *("UV_SYSTEM_PYTHON", "UV_PYTHON", "UV_PRERELEASE"),
            *("npm_config_global", "NPM_CONFIG_DRY_RUN"),
        ),
        "1",
    )
    checkout.run("status", environment=theirs | not_heard)
    found = checkout.environment()
    assert theirs.items() <= found.items()
    assert set(not_heard).isdisjoint(found)


CACHES = (
    "XDG_CACHE_HOME", "PIP_CACHE_DIR", "UV_CACHE_DIR", "npm_config_cache", "CDK_HOME",
    "JSII_RUNTIME_PACKAGE_CACHE_ROOT",
)  # fmt: skip


def test_a_home_that_takes_caches_is_used(checkout: StubbedCheckout) -> None:
    checkout.run("status")
    found = checkout.environment()
    assert found["HOME"] == str(checkout.folder)
    assert set(CACHES).isdisjoint(found)


@pytest.mark.parametrize("home", ["", "/nowhere", "file", "/proc/self"])
def test_without_a_home_that_takes_caches_they_are_kept_in_the_checkout(
    checkout: StubbedCheckout, home: str
) -> None:
    """`/proc/self` is a folder in which not even root can write."""
    if home == "file":
        home = str(checkout.folder / "Makefile")
    checkout.run("status", environment={"HOME": home, "UV_CACHE_DIR": "/big/disk"})
    found = checkout.environment()
    assert found.pop("UV_CACHE_DIR") == "/big/disk"
    ours = f"{checkout.folder}/.cache"
    assert {
        name: found[name].startswith(ours) for name in CACHES if name in found
    } == dict.fromkeys(set(CACHES) - {"UV_CACHE_DIR"}, True)
    # A home that can be read holds somebody's profile and registries.
    assert found["HOME"] == (home if home == "/proc/self" else f"{ours}/home")


def test_cleaning_up_needs_nothing_that_may_be_broken(checkout: StubbedCheckout) -> None:
    for tool in (checkout.folder / ".venv" / "bin").iterdir():
        tool.write_text("")
    (checkout.folder / ".cache").mkdir()
    done = checkout.run("clean")
    assert done.returncode == 0, done.stderr
    assert sorted(it.name for it in checkout.folder.iterdir()) == ["Makefile"]


def raw_uses(text: str) -> list[str]:
    """Places where make or a shell would put a caller's text without quotes."""
    # Within quotes, or in a condition of make that only asks whether there is a value.
    safe = (
        r'"\$\$GIVEN_\w+"|"\$\$\{GIVEN_\w+:-\w+\}"'
        r"|\$\(if (?:\$\(filter yes,)?\$\(GIVEN_\w+\)"
    )
    found = re.findall(r"\$+[({]?(?:value )?(?:GIVEN_)?(\w+)", re.sub(safe, "", text))
    return [name for name in found if name in VARIABLES]


def test_no_recipe_reads_a_callers_variable_by_itself() -> None:
    assert VARIABLES
    lines = MAKEFILE[MAKEFILE.index("VENV :=") :].splitlines()
    assert [line for line in lines if not line.startswith("#") and raw_uses(line)] == []


@pytest.mark.parametrize(
    "recipe",
    [
        "--order $(ORDER)",
        "--order $(GIVEN_ORDER)",
        "--order ${ORDER}",
        "--order '$(value ORDER)'",
        "--order $$GIVEN_ORDER",
        "--order '$(GIVEN_ORDER)'",
        "$(if $(ORDER),--order x)",
        "$(if $(GIVEN_ORDER),--order $(GIVEN_ORDER))",
    ],
)
def test_a_recipe_that_would_do_so_is_found(recipe: str) -> None:
    assert raw_uses(f"\t@$(OPERATE) history {recipe}") == ["ORDER"]


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
    assert set(re.findall(r"^([a-z0-9-]+):", MAKEFILE, re.MULTILINE)) == names
