"""A service goes with all that is its own, unless somebody uses it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from stacks.services import declared
from tools.generator import removal
from tools.generator.errors import GeneratorError, NameRefused, StillRead

SCHEMA = {"title": "ReturnOpened", "x-owner": "returns"}
OWN = (
    "lambdas/returns/handlers/open_return.py",
    "lambdas/returns_language/events.py",
    "stacks/returns.py",
    "stacks/returns_alarms.py",
    "tests/unit/returns/test_opening.py",
    "tests/integration/test_returns.py",
    "tests/integration/test_returns_bad_input.py",
    "config/dev/returns.json",
    "config/schemas/returns.settings.json",
    "contracts/events/ReturnOpened.v1.schema.json",
    "contracts/released/ReturnOpened.v1.schema.json",
)
OTHERS = (
    "lambdas/returns_desk/handlers/work.py",
    "stacks/returns_desk.py",
    "stacks/returns_desk_alarms.py",
    "tests/integration/test_returns_desk.py",
    "tests/integration/test_returns_desk_faults.py",
    "config/dev/returns-desk.json",
    "contracts/events/OrderPlaced.v1.schema.json",
)


def declaration(name: str) -> str:
    return f'SERVICE = Service(\n    name="{name}",\n    owner="platform",\n    purpose="x",\n)\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Two services, one of which has a name that begins with the other's."""
    for name in (*OWN, *OTHERS):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}" if file.suffix == ".json" else "")
    for name in ("events", "released"):
        schema = tmp_path / "contracts" / name / "ReturnOpened.v1.schema.json"
        schema.write_text(json.dumps(SCHEMA))
    (tmp_path / "stacks" / "returns.py").write_text(declaration("returns"))
    (tmp_path / "stacks" / "returns_desk.py").write_text(declaration("returns-desk"))
    return tmp_path


def test_what_is_its_own_goes_and_nothing_of_another(checkout: Path) -> None:
    going = removal.plan("returns", checkout)
    assert [str(it.relative_to(checkout)) for it in removal.files_of(going)] == sorted(OWN)
    removal.carry_out(going)
    left = {str(it.relative_to(checkout)) for it in checkout.rglob("*") if it.is_file()}
    assert left == {*OTHERS}


@pytest.mark.parametrize(
    ("file", "code", "why"),
    [
        ("lambdas/sales/a.py", "from returns.domain import x", "imports returns.domain"),
        ("lambdas/sales/a.py", "import returns_language.events", "imports returns_language.events"),
        ("stacks/sales.py", "from stacks.returns import SERVICE", "imports stacks.returns"),
        ("stacks/sales.py", "self.find('returns', 'read-events-arn')", "names returns"),
        ("stacks/sales.py", "queue.subscribe_to_bus('X', detail_type=['ReturnOpened'])", "names"),
        ("tools/a.py", "CHECKED = ['returns']", "names returns"),
        ("tests/e2e/a.py", "deployment.named('returns', 'tables', 'X')", "looks for returns"),
        ("tests/e2e/a.py", "deployment.url('returns')", "looks for returns"),
    ],
)
def test_who_uses_it_is_named_and_it_stays(checkout: Path, file: str, code: str, why: str) -> None:
    (checkout / file).parent.mkdir(parents=True, exist_ok=True)
    (checkout / file).write_text(f"\n{code}\n")
    with pytest.raises(StillRead, match="used by others") as refused:
        removal.plan("returns", checkout)
    [line] = refused.value.evidence
    assert line.startswith(f"{file}:2: {why}")


def test_a_file_that_uses_it_in_many_places_is_one_line(checkout: Path) -> None:
    code = "from returns.domain import x\nimport returns_language\nfrom returns.domain import y\n"
    (checkout / "lambdas" / "sales").mkdir(parents=True, exist_ok=True)
    (checkout / "lambdas" / "sales" / "a.py").write_text(code)
    with pytest.raises(StillRead) as refused:
        removal.plan("returns", checkout)
    line = "lambdas/sales/a.py:1: imports returns.domain, imports returns_language"
    assert refused.value.evidence == (line,)


@pytest.mark.parametrize(
    "code",
    ["from returns_desk import x", "NAME = 'returns'", "'''It returns.'''", "import a.returns"],
)
def test_a_test_may_use_the_word_for_something_else(checkout: Path, code: str) -> None:
    (checkout / "tests" / "unit" / "a.py").write_text(code)
    assert removal.plan("returns", checkout).paths


def test_the_examples_of_these_tests_are_no_use(checkout: Path) -> None:
    example = checkout / "tests" / "unit" / "tools" / "generator" / "test_removal.py"
    example.parent.mkdir(parents=True)
    example.write_text("SCHEMA = {'title': 'ReturnOpened'}")
    assert removal.plan("returns", checkout).paths


def test_a_service_that_there_is_not_is_refused_with_those_there_are(checkout: Path) -> None:
    with pytest.raises(GeneratorError, match="there are returns, returns-desk"):
        removal.plan("refunds", checkout)


def test_what_git_does_not_have_is_named(checkout: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(["git", *identity, *arguments], cwd=checkout, check=True)

    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "all")
    assert removal.plan("returns", checkout).unsaved == ()
    (checkout / "lambdas" / "returns" / "new.py").touch()
    (checkout / "stacks" / "returns_alarms.py").write_text("# changed\n")
    assert set(removal.plan("returns", checkout).unsaved) == {
        "lambdas/returns/new.py",
        "stacks/returns_alarms.py",
    }


def test_without_a_repository_nothing_is_saved(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert removal.plan("returns", checkout).unsaved
    monkeypatch.setenv("PATH", "/nowhere")
    assert removal.plan("returns", checkout).unsaved


@pytest.mark.parametrize(
    ("name", "file", "text"),
    [
        ("snapshots", "tests/infra/test_snapshots.py", ""),
        ("mail", "stacks/mail_domain.py", ""),
        ("payment", "tools/measure/orders.py", "KIND = 'payment'"),
        ("carriers", "contracts/events/Offer.json", '{"title": "Offer", "x-owner": "carriers"}'),
    ],
)
def test_a_name_under_which_others_things_would_go_is_not_free(
    checkout: Path, name: str, file: str, text: str
) -> None:
    removal.check_name_is_free(name, checkout)
    (checkout / file).parent.mkdir(parents=True, exist_ok=True)
    (checkout / file).write_text(text)
    with pytest.raises(NameRefused) as refused:
        removal.check_name_is_free(name, checkout)
    assert refused.value.evidence[0].startswith(file)


def test_byte_code_of_a_service_that_another_branch_has_keeps_no_name(checkout: Path) -> None:
    left = checkout / "lambdas" / "toys" / "handlers" / "__pycache__"
    left.mkdir(parents=True)
    (left / "play.cpython-311.pyc").touch()
    removal.check_name_is_free("toys", checkout)
    (left.parent / "play.py").touch()
    with pytest.raises(NameRefused):
        removal.check_name_is_free("toys", checkout)


def test_a_removal_that_was_interrupted_goes_on(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlinked: list[Path] = []
    unlink = Path.unlink

    def interrupted(path: Path, *, missing_ok: bool = False) -> None:
        if len(unlinked) == 3:
            raise KeyboardInterrupt
        unlinked.append(path)
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", interrupted)
        with pytest.raises(KeyboardInterrupt):
            removal.carry_out(removal.plan("returns", checkout))
    declared.cache_clear()
    removal.carry_out(removal.plan("returns", checkout))
    left = {str(it.relative_to(checkout)) for it in checkout.rglob("*") if it.is_file()}
    assert left == {*OTHERS}
