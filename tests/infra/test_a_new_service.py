"""A service is a folder and a stack: a copy of the tree takes one in, and nothing else changes."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from contracts.product import PRODUCT
from tests.infra.newcomer import digest
from tests.infra.system import CHECKOUT
from tests.support.drivers.copied_tree import copy_to, run
from tools.generate import snapshots
from tools.generator import generate
from tools.generator.names import parse

RENAMED = (
    ("order_views", "wish_lists"),
    ("order-views", "wish-lists"),
    ("OrderViews", "WishLists"),
    ('"order-view"', '"wish-list"'),
    ('owner="experience"', 'owner="research"'),
    # The fifth reader of the log.
    ('description="Keeps', 'fan_out=True,\n            description="Keeps'),
)
"""What makes a copy of the read side of ordering a service of its own."""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return copy_to(tmp_path, "images", "__snapshots__")


def add_the_service_of_the_page(tree: Path) -> list[str]:
    """A table, a subscription, a route and its document, as docs/adding-a-service.md has them."""
    page = (CHECKOUT / "docs" / "adding-a-service.md").read_text("utf-8")
    blocks = re.findall(r"^### `(\S+)`\n.*?^```\w+\n(.*?)^```$", page, re.M | re.S)
    for name, code in blocks:
        file = tree / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code, "utf-8")
        if name.startswith("lambdas/"):
            for folder in (file.parent, tree / "lambdas" / "receipts"):
                (folder / "__init__.py").write_text('"""Receipts."""\n')
    return [name for name, _ in blocks]


def add_a_copy(tree: Path) -> None:
    """A read model with an API: the read side of ordering under another name."""
    files = [
        *(tree / "lambdas" / "order_views").rglob("*.py"),
        tree / "stacks" / "order_views.py",
        tree / "contracts" / "apis" / "order-views.yaml",
    ]
    for file in files:
        copy = tree / renamed(str(file.relative_to(tree)))
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(renamed(file.read_text("utf-8")), "utf-8")


def add_a_generated_one(tree: Path) -> list[str]:
    """A worker as `make service` makes it; its modules."""
    names = parse("gift-cards", generate.TEMPLATES, generate.taken(tree))
    files = generate.render(names, "worker", "loyalty", tree)
    generate.write(files, tree)
    return [str(it) for it in files if it.suffix == ".py"]


def types_of(tree: Path, modules: list[str]) -> str:
    """What mypy complains of; what it knows of the checkout, it need not find out again."""
    if (known := CHECKOUT / ".mypy_cache").exists():
        shutil.copytree(known, tree / known.name)
    checked = run(tree, "mypy", *modules)
    return checked.stdout if checked.returncode else ""


def renamed(text: str) -> str:
    for old, new in RENAMED:
        text = text.replace(old, new)
    return text


def test_services_are_added_and_nothing_else_is_edited(tree: Path) -> None:
    shown = [it for it in add_the_service_of_the_page(tree) if it.endswith(".py")]
    style = run(tree, "ruff", "check", *shown), run(tree, "ruff", "format", "--check", *shown)
    assert [it.stdout for it in style if it.returncode] == []
    add_a_copy(tree)
    generated = add_a_generated_one(tree)
    assert types_of(tree, generated) == ""
    layers = run(tree, "tools.checks.layers")
    assert layers.returncode == 0, layers.stdout
    answer = run(tree, "tests.infra.newcomer")
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)
    assert found["broken"] == []
    assert f"/lambdas/receipts/ @{PRODUCT}/accounting\n" in found["pages"]["codeowners"]
    assert f"/lambdas/wish_lists/ @{PRODUCT}/research\n" in found["pages"]["codeowners"]
    assert "`GET /v1/receipts/{order_id}` → `GetReceipt`" in section(found, "receipts")
    assert "OrderPlaced" in section(found, "receipts")
    assert {"receipts.json", "wish-lists.json"} <= {*found["apis"]}
    assert "every event on the log (`ProjectOrders`)" in section(found, "wish-lists")
    own = run(tree, "pytest", "tests/unit/gift_cards")
    assert own.returncode == 0, own.stdout
    for name in ("receipts", "wish-lists", "gift-cards"):
        assert f"### {name}\n" in found["pages"]["configuration"]
        assert name in found["smoke"]
    before = {it: digest(template) for it, template in snapshots.of_dev().items()}
    changed = {it for it, its in found["templates"].items() if its != before.get(it)}
    assert changed == {"receipts", "wish-lists", "gift-cards"}, "none has scopes, so no other"
    assert "wish-list" in found["consumers"]
    assert "wish-list" in found["views"]


def section(found: dict[str, Any], service: str) -> str:
    """What the catalogue says of a service."""
    page: str = found["pages"]["catalogue"]
    return page.partition(f"\n## {service}\n")[2].partition("\n## ")[0]


def test_a_copied_service_that_still_imports_the_old_one_is_refused(tree: Path) -> None:
    add_a_copy(tree)
    query = tree / "lambdas" / "wish_lists" / "queries.py"
    query.write_text(query.read_text("utf-8").replace("from wish_lists.", "from order_views.", 1))
    layers = run(tree, "tools.checks.layers")
    assert layers.returncode == 1
    assert "One service never imports another BROKEN" in layers.stdout
    assert "wish_lists.queries -> order_views." in layers.stdout
