"""What `make dev` makes of a changed file."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from tools.dev.plan import Plan, plan


def _of(*files: str) -> Plan:
    return plan(map(PurePosixPath, files))


def test_a_saved_handler_is_code_and_deploys_no_stack() -> None:
    assert _of("lambdas/orders/handlers/place_order.py") == Plan(code=True)


@pytest.mark.parametrize(
    "file",
    ["stacks/orders.py", "stacks/constructs/bus.py", "app.py", "cdk.json", "contracts/a.json"],
)
def test_what_the_app_is_made_from_is_synthesized(file: str) -> None:
    assert _of(file) == Plan(templates=True)


def test_a_document_is_of_its_environment_alone() -> None:
    assert _of("config/dev/orders.json") == Plan(environments=frozenset({"dev"}))


def test_a_schema_goes_to_the_stacks_and_judges_every_document() -> None:
    everywhere = frozenset({"dev", "staging", "prod"})
    assert _of("config/schemas/orders.flags.schema.json") == Plan(
        templates=True, environments=everywhere
    )


@pytest.mark.parametrize(
    "file",
    [
        "docs/saga.md",
        "README.md",
        "tests/unit/orders/test_order.py",
        "tools/smoke/__main__.py",
        "lambdas/orders/__pycache__/commands.cpython-311.pyc",
        "lambdas/orders/.commands.py.swp",
        "lambdas/orders/commands.py~",
        "lambdas/orders/4913",
        "pytest-cache-files-a1b2c3",
        ".git/index.lock",
        "cdk.out/manifest.json",
    ],
)
def test_what_nothing_that_runs_is_made_from_asks_for_nothing(file: str) -> None:
    assert _of(file).is_empty


def test_what_make_dev_itself_consists_of_counts_when_it_starts_again() -> None:
    assert _of("tools/emulator/engine.py").restart == ("tools/emulator/engine.py",)
    assert _of("tools/base/region.py") == Plan(templates=True, restart=("tools/base/region.py",))


def test_pinned_versions_are_installed_by_setup() -> None:
    assert _of("requirements.txt") == Plan(setup=("requirements.txt",))
    assert _of("web/package-lock.json") == Plan(setup=("web/package-lock.json",))


def test_the_consoles_web_app_is_a_part_of_its_package() -> None:
    assert _of("web/src/main.tsx") == _of("web/build.mjs") == Plan(code=True)
    assert _of("web/tests/pace.test.ts", "web/dist/index.html").is_empty


def test_a_switched_branch_is_one_plan_of_all_its_files() -> None:
    assert _of("stacks/sales.py", "lambdas/sales/queries.py", "config/dev/sales.json") == Plan(
        code=True, templates=True, environments=frozenset({"dev"})
    )
