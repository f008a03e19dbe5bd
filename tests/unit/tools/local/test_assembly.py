"""Packages and templates are made when something changed, and only then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.drivers.small_assembly import write_assembly
from tools.base import assembly
from tools.base.assembly import Assembly, synthesized
from tools.base.errors import SynthesisError

APP = """
import json, os, pathlib
out = pathlib.Path(os.environ["CDK_OUTDIR"])
out.mkdir(parents=True)
(out / "manifest.json").write_text('{"artifacts": {}}')
names = sorted(name for name in os.environ if name.startswith(("AWS_", "CDK_")))
context = json.loads(os.environ["CDK_CONTEXT_JSON"])
seen = {"names": names, "context": context, "validation": os.environ["CDK_VALIDATION"]}
(out / "seen.json").write_text(json.dumps(seen))
with open(".times", "a") as times:
    times.write("synthesized\\n")
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose build does nothing and whose app notes that it ran."""
    (tmp_path / "bundling").mkdir()
    (tmp_path / "bundling" / "__init__.py").touch()
    (tmp_path / "bundling" / "__main__.py").write_text("import sys; assert 'local' in sys.argv")
    (tmp_path / "lambdas" / "orders").mkdir(parents=True)
    (tmp_path / "lambdas" / "orders" / "handler.py").write_text("VERSION = 1\n")
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "cdk.json").write_text(json.dumps({"context": {"a-flag": True}}))
    monkeypatch.setattr(assembly, "CHECKOUT", tmp_path)
    monkeypatch.setattr(assembly, "DIRECTORY", tmp_path / ".local" / "cdk.out")
    return tmp_path


def _times(checkout: Path) -> int:
    return len((checkout / ".times").read_text().splitlines())


def test_the_app_gets_what_the_cli_would_give_it_and_no_account(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("CDK_DEFAULT_ACCOUNT", "999999999999")
    with synthesized(environment="dev") as made:
        seen = json.loads((made.directory / "seen.json").read_text())
    assert seen["context"]["a-flag"] is True
    assert seen["context"]["target"] == "local"
    assert seen["context"]["environment"] == "dev"
    assert seen["validation"] == "false"
    assert seen["names"] == ["CDK_CONTEXT_JSON", "CDK_OUTDIR", "CDK_VALIDATION"]


def test_nothing_is_made_again_when_nothing_changed(checkout: Path) -> None:
    for _ in range(2):
        with synthesized():
            pass
    assert _times(checkout) == 1


def test_what_the_packages_build_is_no_input(checkout: Path) -> None:
    """The console's app is built with its package: the next command finds everything made."""
    builds = "; import pathlib; pathlib.Path('web/dist').mkdir(parents=True, exist_ok=True)"
    writes = "; pathlib.Path('web/dist/app.js').write_text(str(pathlib.Path('.times').exists()))"
    with (checkout / "bundling" / "__main__.py").open("a") as file:
        file.write(builds + writes)
    for _ in range(2):
        with synthesized(environment="dev"):
            pass
    assert _times(checkout) == 1


@pytest.mark.parametrize("change", ["edited", "added", "renamed", "removed"])
def test_any_change_of_an_input_is_seen(checkout: Path, change: str) -> None:
    with synthesized():
        pass
    handler = checkout / "lambdas" / "orders" / "handler.py"
    match change:
        case "edited":
            handler.write_text("VERSION = 2\n")
        case "added":
            (handler.parent / "another.py").touch()
        case "renamed":
            handler.rename(handler.with_name("renamed.py"))
        case "removed":
            handler.unlink()
    with synthesized():
        pass
    assert _times(checkout) == 2


@pytest.mark.parametrize(
    ("file", "syntheses"),
    [
        ("lambdas/orders/checks/stock.py", 2),  # a package is not a tool because of its name
        ("lambdas/operations/handlers/look.py", 2),
        ("tools/base/region.py", 2),
        ("tools/operations/parked.py", 1),
        ("tools/newcomer/anything.py", 1),
        ("tests/unit/test_orders.py", 1),
        ("docs/catalogue.md", 1),
    ],
)
def test_what_the_app_does_not_take_is_no_input(checkout: Path, file: str, syntheses: int) -> None:
    with synthesized():
        pass
    (checkout / file).parent.mkdir(parents=True)
    (checkout / file).touch()
    with synthesized():
        pass
    assert _times(checkout) == syntheses


def test_another_environment_is_another_assembly(checkout: Path) -> None:
    for environment in ("dev", "staging"):
        with synthesized(environment=environment):
            pass
    assert _times(checkout) == 2


def test_an_app_that_fails_is_shown_and_tried_again(checkout: Path) -> None:
    (checkout / "app.py").write_text("raise SystemExit('no such service: billing')")
    with pytest.raises(SynthesisError, match="synthesis failed") as failure, synthesized():
        pass
    assert failure.value.evidence == ("no such service: billing",)
    (checkout / "app.py").write_text(APP)
    with synthesized():
        pass
    assert _times(checkout) == 1


def test_each_stack_comes_after_those_that_it_depends_on(tmp_path: Path) -> None:
    names = ["a", "b", "c", "d"]
    made = write_assembly(
        tmp_path,
        {name: {"Resources": {}} for name in names},
        depends_on={"a": ["c", "d"], "c": ["b"], "d": ["b"]},
    )
    assert [stack.name for stack in made.stacks] == ["b", "c", "d", "a"]


def test_stacks_that_depend_on_each_other_are_an_error_that_names_them(tmp_path: Path) -> None:
    made = write_assembly(
        tmp_path,
        {name: {"Resources": {}} for name in ("orders", "views")},
        depends_on={"orders": ["views"], "views": ["orders"]},
    )
    with pytest.raises(SynthesisError, match="orders, views"):
        _ = made.stacks


def test_stages_are_refused_and_not_silently_left_out(tmp_path: Path) -> None:
    stage = {"artifacts": {"assembly-Prod": {"type": "cdk:cloud-assembly"}}}
    (tmp_path / "manifest.json").write_text(json.dumps(stage))
    with pytest.raises(SynthesisError, match="stages"):
        _ = Assembly(tmp_path).stacks
