"""Whom a change reaches, in a small checkout of two services, a language and what they share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from contracts.product import PRODUCT
from stacks.services import Service, declaration_in
from tools.affected import services
from tools.affected.files import Files
from tools.affected.imports import Imports
from tools.affected.knowledge import Knowledge
from tools.affected.tests import Suite

STACK = """SERVICE = Service(
    name="{0}",
    owner="team",
    purpose="it",
)
from stacks.constructs.service_queue import Queue
"""
TREE = {
    "app.py": "from stacks.system import build",
    "stacks/system.py": 'importlib.import_module(f"stacks.{service.package}")',
    "stacks/constructs/service_queue.py": "class Queue: ...",
    "stacks/baskets.py": STACK.format("baskets"),
    "stacks/constructs/press.py": "class Press: ...",
    "stacks/labels.py": (
        STACK.format("labels")
        + 'from stacks.constructs.press import Press\nself.find("baskets", "table")'
    ),
    "stacks/wares.py": (
        STACK.format("wares")
        .replace("from stacks.constructs", "from nowhere")
        .replace('purpose="it",', 'purpose="it",\n    also_owns=("containers/till/",),')
    ),
    "lambdas/shared/runtime/clock.py": "",
    "lambdas/baskets/domain/basket.py": "",
    "lambdas/baskets/handlers/fill.py": "from baskets.domain import basket\nBasketFilled",
    "lambdas/baskets_language/events.py": "from shared.runtime import clock",
    "lambdas/labels/handlers/print.py": "from baskets_language import events",
    "lambdas/wares/handlers/count.py": 'TYPES = ("BasketFilled",)',
    "contracts/events/BasketFilled.v1.schema.json": json.dumps(
        {"title": "BasketFilled", "x-owner": "baskets"}
    ),
    "contracts/proto/baskets.proto": "",
    "containers/press/Dockerfile": (
        "FROM base AS build\nCOPY --chmod=0755 contracts/proto etc/press.txt /app/\n"
        "COPY --from=build /server /server"
    ),
    "containers/press/run.sh": "",
    "containers/till/Dockerfile": "",
    "containers/till/sums.py": "",
    "containers/till/README": "",
    "tools/emulator/container_process.py": 'run("till.sums")',
    "tests/unit/till/test_sums.py": "from till import sums",
    "tests/faults/test_till_faults.py": "from tools.emulator import container_process",
    "contracts/openapi/baskets.json": json.dumps({"paths": {"/v1/baskets/{id}": {}}}),
    "contracts/apis/baskets.yaml": "",
    "contracts/apis/common.yaml": "",
    "config/dev/labels.json": "{}",
    "docs/guide.md": "",
    "requirements.txt": "",
    "tools/local/bring_up.py": 'ENGINE = Path(__file__).with_name("engine.py")',
    "tools/local/engine.py": "import host",
    "tools/local/host.py": "",
    "tools/wares/count.py": (
        'FILE = Path(__file__).with_name("wares.toml")\nPAGES = ROOT / "docs" / "wares"\n'
        'LISTS = CHECKOUT / "lists"\nOLD = Path("old", "lists")\nKINDS = HERE / "kinds"'
    ),
    "tools/wares/wares.toml": "",
    "docs/wares/page.md": "",
    "lists/one.txt": "",
    "old/lists/one.txt": "",
    "tools/wares/kinds/one.txt": "",
    "kinds/one.txt": "",
    "tests/unit/wares/test_count.py": "from tools.wares import count",
    "tests/infra/__snapshots__/test_templates/wares.json": "",
    "tests/conftest.py": (
        "@pytest.fixture\ndef deployment():\n    from tools.local.bring_up import bring_up\n"
    ),
    "tests/support/drivers/filling.py": 'NAME = "baskets"',
    "tests/unit/baskets/test_basket.py": "from baskets.domain.basket import Basket",
    "tests/unit/labels/test_print.py": "from labels.handlers import print",
    "tests/contract/test_pages.py": 'PAGE = ROOT / "docs" / "guide.md"',
    "tests/contract/test_figures.py": '(CHECKOUT / "docs" / "figures" / f"{name}.txt").read_text()',
    "docs/figures/one.txt": "",
    "tests/contract/test_modules.py": '(ROOT / "stacks").glob("*.py")',
    "tests/infra/test_templates.py": (
        'from stacks.system import build\nHANDLER = "baskets.handlers.fill.handler"'
    ),
    "tests/support/drivers/copied_tree.py": (
        'copied = [(CHECKOUT / it).rglob("*") for it in ("lambdas", "stacks")]'
    ),
    "tests/infra/test_a_copy.py": (
        'from tests.support.drivers import copied_tree\ncopied_tree.add("labels", "lambdas")'
    ),
    "tests/e2e/test_filling.py": (
        "from tests.support.drivers import filling\ndef test(deployment: Any): ..."
    ),
    "tests/integration/test_labels.py": 'def test(deployment: Any):\n    call("/labels/")',
}  # fmt: skip
EVERYBODY = {"baskets", "labels", "wares"}


def known(tree: Mapping[str, str], *deleted: str) -> Knowledge:
    files = Files(tree, frozenset(deleted))
    declared: list[Service] = []
    for path, text in tree.items():
        if path.startswith("stacks/") and (found := declaration_in(Path(path), text)):
            declared.append(found)
    return Knowledge(files, Imports(files), tuple(declared))


def touched(path: str, *deleted: str) -> tuple[dict[str, str], dict[str, str]]:
    """The services and the tests of a change of one file, with their reasons."""
    knowledge = known(TREE, *deleted)
    paths = frozenset({path, *deleted})
    found = services.affected(paths, knowledge)
    return found, Suite(knowledge).affected(paths, found)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("lambdas/baskets/domain/basket.py", {"baskets"}),
        ("stacks/baskets.py", {"baskets"}),
        ("config/dev/labels.json", {"labels"}),
        ("stacks/constructs/service_queue.py", {"baskets", "labels"}),
        ("lambdas/shared/runtime/clock.py", EVERYBODY),
        ("lambdas/baskets_language/events.py", {"baskets", "labels"}),
        ("contracts/events/BasketFilled.v1.schema.json", {"baskets", "wares"}),
        ("contracts/openapi/baskets.json", {"baskets"}),
        ("contracts/apis/common.yaml", {"baskets"}),
        ("contracts/proto/baskets.proto", {"labels"}),
        ("containers/press/run.sh", {"labels"}),
        ("containers/till/sums.py", {"wares"}),
        ("app.py", EVERYBODY),
        ("requirements.txt", EVERYBODY),
        ("docs/guide.md", set()),
        ("tools/local/host.py", set()),
        ("tests/unit/baskets/test_basket.py", set()),
        ("no/such/file", set()),
    ],
)
def test_a_change_affects_whoever_has_it_in_package_or_stack(path: str, expected: set[str]) -> None:
    found, _ = touched(path)
    assert set(found) == expected
    assert all(found.values())


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "lambdas/baskets/domain/basket.py",
            {"tests/unit/baskets/test_basket.py", "tests/e2e/test_filling.py"},
        ),
        ("containers/till/sums.py", {
            "tests/unit/till/test_sums.py", "tests/faults/test_till_faults.py",
        }),
        ("containers/till/README", {"tests/faults/test_till_faults.py"}),
        ("lambdas/baskets/handlers/fill.py", {"tests/e2e/test_filling.py"}),
        ("docs/guide.md", {"tests/contract/test_pages.py"}),
        ("docs/figures/one.txt", {"tests/contract/test_figures.py"}),
        ("tools/wares/wares.toml", {"tests/unit/wares/test_count.py"}),
        ("docs/wares/page.md", {"tests/unit/wares/test_count.py"}),
        ("lists/one.txt", {"tests/unit/wares/test_count.py"}),
        ("old/lists/one.txt", {"tests/unit/wares/test_count.py"}),
        ("tools/wares/kinds/one.txt", {"tests/unit/wares/test_count.py"}),
        ("kinds/one.txt", set()),
        ("tests/infra/__snapshots__/test_templates/wares.json", {"tests/infra/test_templates.py"}),
        ("tools/local/bring_up.py", {
            "tests/e2e/test_filling.py", "tests/integration/test_labels.py",
        }),
        ("tools/local/host.py", {
            "tests/e2e/test_filling.py", "tests/integration/test_labels.py",
        }),
        ("tests/support/drivers/filling.py", {"tests/e2e/test_filling.py"}),
        ("tests/unit/baskets/test_basket.py", {"tests/unit/baskets/test_basket.py"}),
        ("stacks/labels.py", {
            "tests/contract/test_modules.py", "tests/infra/test_a_copy.py",
            "tests/infra/test_templates.py", "tests/integration/test_labels.py",
        }),
        ("stacks/baskets.py", {
            "tests/contract/test_modules.py", "tests/e2e/test_filling.py",
            "tests/infra/test_a_copy.py", "tests/infra/test_templates.py",
        }),
        ("lambdas/labels/handlers/print.py", {
            "tests/infra/test_a_copy.py", "tests/integration/test_labels.py",
            "tests/unit/labels/test_print.py",
        }),
    ],
)  # fmt: skip
def test_a_change_selects_the_tests_that_it_can_break(path: str, expected: set[str]) -> None:
    _, found = touched(path)
    assert set(found) == expected
    assert all(found.values())


@pytest.mark.parametrize(
    ("name", "text", "subjects"),
    [
        ("test_labels_faults", 'fill("/baskets/")', {"labels"}),
        ("test_both_ways", 'fill("/baskets/"), print("/labels/")', {"baskets", "labels"}),
        ("test_some_way", "fill()", {"baskets"}),
        ("test_relabelsing", 'print("/labels/")', {"labels"}),
    ],
    ids=["its name says", "its text says", "its driver says", "no part of a word"],
)
def test_a_deployed_test_is_about_what_it_is_called_after_or_names(
    name: str, text: str, subjects: set[str]
) -> None:
    test = f"tests/integration/{name}.py"
    own = f"from tests.support.drivers import filling\ndef test(deployment: Any):\n    {text}"
    knowledge = known(TREE | {test: own})
    for service in sorted(EVERYBODY):
        path = f"stacks/{service}.py"
        found = services.affected(frozenset({path}), knowledge)
        selected = Suite(knowledge).affected(frozenset({path}), found)
        assert (test in selected) == (service in subjects), service


def test_what_everybody_shares_reaches_every_deployed_test() -> None:
    _, found = touched("lambdas/shared/runtime/clock.py")
    assert {"tests/e2e/test_filling.py", "tests/integration/test_labels.py"} <= set(found)


def test_who_knew_a_service_that_is_deleted_is_affected_and_the_deleted_is_not() -> None:
    gone = ("stacks/baskets.py", "lambdas/baskets/domain/basket.py")
    found, tests = touched("lambdas/baskets/handlers/fill.py", *gone)
    assert found["labels"] == "it knows baskets, which is deleted"
    assert "baskets" not in found
    assert "tests/unit/baskets/test_basket.py" in tests


def test_a_rule_on_the_bus_makes_a_consumer_whose_code_names_no_message() -> None:
    template = {
        "Resources": {
            "Rule": {"Properties": {"EventPattern": {"source": [{"prefix": f"{PRODUCT}."}]}}}
        }
    }
    path = "tests/infra/__snapshots__/test_snapshots/test_template[labels].json"
    knowledge = known(TREE | {path: json.dumps(template)})
    contract = frozenset({"contracts/events/BasketFilled.v1.schema.json"})
    assert set(services.affected(contract, knowledge)) == EVERYBODY
