"""What is stale is named with the command that mends it; what was written is named by file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.product import PRODUCT
from contracts.schemas import CURRENT
from tools.base.target import ENVIRONMENTS
from tools.base.workspace import CHECKOUT
from tools.docgen import (
    api_page,
    asyncapi,
    configuration_page,
    graphql_page,
    parity_document,
    permissions_page,
)
from tools.docgen.architecture import page as architecture
from tools.docgen.catalogue import files as catalogue
from tools.generate import products, snapshots, synthesis
from tools.generate.__main__ import check, generate
from tools.generate.differences import without_digests
from tools.generate.products import (
    PRODUCTS,
    SNAPSHOTS,
    NotGenerated,
    Product,
    write_snapshots,
)
from tools.measure.costs import figures

NAMES = [it.name for it in PRODUCTS]


def product(
    write: Callable[[], None] = lambda: None, *, is_fresh: bool = True, name: str = "page"
) -> Product:
    return Product(name, f"make {name}", ("*.md",), write, lambda: is_fresh)


def test_what_is_fresh_is_not_mentioned(capsys: pytest.CaptureFixture[str]) -> None:
    assert check([product()]) == 0
    assert "".join(capsys.readouterr()) == ""


def test_what_is_stale_is_named_with_what_mends_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert check([product(), product(is_fresh=False, name="parity")]) == 1
    said = capsys.readouterr().err
    assert "stale: parity" in said
    assert "`make parity` or `make generate`" in said


def test_a_page_that_only_one_command_writes_is_named_with_that_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert check([product(is_fresh=False, name="generate")]) == 1
    assert "stale: generate. `make generate` writes it" in capsys.readouterr().err


def test_a_page_that_cannot_be_judged_is_stale_and_says_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def judge() -> bool:
        raise LookupError("nobody says what X is")

    assert check([Product("page", "make page", (), lambda: None, judge)]) == 1
    assert "nobody says what X is" in capsys.readouterr().err


def test_snapshots_of_other_code_are_no_error_but_are_mentioned(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a synthesis can tell whether another line of a stack changes its template."""
    monkeypatch.setattr(snapshots, "fingerprint", lambda _: "another")
    assert check([Product(SNAPSHOTS.name, "", (), SNAPSHOTS.write, SNAPSHOTS.is_fresh)]) == 1
    capsys.readouterr()
    monkeypatch.setattr("tools.generate.__main__.SNAPSHOTS", stale := product(is_fresh=False))
    assert check([stale]) == 0
    assert "the snapshots are not compared here" in capsys.readouterr().out


def test_files_that_were_written_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("same.md", "other.md", "gone.md"):
        (tmp_path / name).write_text(name)

    def write() -> None:
        (tmp_path / "new.md").touch()
        (tmp_path / "other.md").write_text("x")
        (tmp_path / "same.md").write_text("same.md")
        (tmp_path / "gone.md").unlink()

    assert generate([product(write), product(name="another")], tmp_path) == 0
    assert capsys.readouterr().out.splitlines() == [
        "page",
        "  removed: gone.md",
        "  new: new.md",
        "  changed: other.md",
        "another: as before",
    ]


def test_what_cannot_be_written_fails_and_does_not_stop_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise NotGenerated("give it a new version")

    def write() -> None:
        (tmp_path / "new.md").touch()

    assert generate([product(refuse, name="contracts"), product(write)], tmp_path) == 1
    out, err = capsys.readouterr()
    assert "contracts: give it a new version" in err
    assert "new: new.md" in out


def edited(file: Path, folder: Path) -> Path:
    """A copy of a page with something more."""
    copy = folder / file.name
    more = "\n" if file.suffix == ".json" else "more\n"
    copy.write_text(file.read_text("utf-8") + more, "utf-8")
    return copy


@pytest.mark.parametrize(
    ("name", "module", "attribute"),
    [
        ("catalogue and CODEOWNERS", catalogue, "PAGE"),
        ("catalogue and CODEOWNERS", catalogue, "CODEOWNERS"),
        ("diagrams of the architecture", architecture, "PAGE"),
        ("configuration page", configuration_page, "PAGE"),
        ("page of the permissions", permissions_page, "PAGE"),
        ("parity page", parity_document, "DOCUMENT"),
        ("page of the APIs", api_page, "PAGE"),
        ("page and types of GraphQL", graphql_page, "PAGE"),
        ("page and types of GraphQL", graphql_page, "TYPES"),
        ("contract of the messages", asyncapi, "FILE"),
        ("picture of the saga", products, "SAGA_PICTURE"),
        ("figures of the console's bill", figures, "FILE"),
    ],
)
def test_a_page_that_somebody_has_edited_is_stale(
    name: str, module: Any, attribute: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = PRODUCTS[NAMES.index(name)]
    assert found.is_fresh()
    monkeypatch.setattr(module, attribute, edited(getattr(module, attribute), tmp_path))
    assert not found.is_fresh()


def test_contracts_that_were_changed_are_not_released(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contracts = PRODUCTS[NAMES.index("released contracts")]
    assert contracts.is_fresh()
    for file in CURRENT.glob("*.schema.json"):
        (tmp_path / file.name).write_text(file.read_text("utf-8"), "utf-8")
    (tmp_path / "New.v1.schema.json").write_text("{}")
    monkeypatch.setattr(products, "CURRENT", tmp_path)
    assert not contracts.is_fresh()


def test_every_product_has_files_and_a_command_that_there_is() -> None:
    makefile = (CHECKOUT / "Makefile").read_text("utf-8")
    for each in PRODUCTS:
        assert list(each.files(CHECKOUT)), each.name
        assert f"\n{each.command.rpartition(' ')[2]}:" in makefile


def test_all_that_says_that_it_is_generated_is_a_product_or_measured() -> None:
    """A page that names the command which writes it is not forgotten here."""
    measured = {"benchmarks.md", "costs.md"}
    files = {file for each in PRODUCTS for file in each.files(CHECKOUT)}
    generated = {
        file
        for file in (CHECKOUT / "docs").glob("*.md")
        if "written by `" in file.read_text("utf-8") and file.name not in measured
    }
    assert generated - files <= {
        CHECKOUT / "docs" / name for name in ("README.md", "operations.md")
    }


INPUTS = ("stacks/orders.py", f"{snapshots.FOLDER}/test_template[x].json")


@pytest.mark.parametrize("changed", INPUTS)
def test_a_changed_stack_and_a_changed_snapshot_make_the_comparison_old(
    tmp_path: Path, changed: str
) -> None:
    for name in INPUTS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("before")
    assert not snapshots.are_of_this_code(tmp_path)
    snapshots.remember(tmp_path)
    assert snapshots.are_of_this_code(tmp_path)
    (tmp_path / "lambdas").mkdir()
    (tmp_path / "lambdas" / "handler.py").write_text("code is no part of a snapshot")
    assert snapshots.are_of_this_code(tmp_path)
    (tmp_path / changed).write_text("after")
    assert not snapshots.are_of_this_code(tmp_path)


def test_types_that_only_another_environment_has_are_read() -> None:
    types = {
        it["Type"]
        for _, its in snapshots.in_other_environments()
        for it in its["Resources"].values()
    }
    assert "AWS::S3::Bucket" in types


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("shopdevordersApiGET0A1B2C3D", "shopdevordersApiGET"),
        ("ApishopdevordersApi0A1B2C3DHEAD4E5F6071", "ApishopdevordersApiHEAD"),
        ("GuardtoshopdevpricingGuardA74C772E80805F0CD76C", "GuardtoshopdevpricingGuard8080"),
        ("GuardfromshopdevclusterGuard80CC5B7C443225FBA69", "GuardfromshopdevclusterGuard443"),
        ("SsmParameterValueshopdevedgewebaclarnParameter",) * 2,
        ("Of no stack 0A1B2C3D",) * 2,
    ],
)
def test_of_an_id_that_holds_a_stacks_name_what_is_no_digest_stays(text: str, without: str) -> None:
    here = (it.replace("shop", PRODUCT) for it in (text, without))
    assert without_digests(next(here), "dev") == next(here)


def test_a_template_of_another_environment_is_devs_with_its_differences(tmp_path: Path) -> None:
    dev = {
        "Resources": {
            "A": {"Type": "T", "Properties": {"Keys": ["a", {"b": 1}], "a.b": 1, "Old": 1}},
            "B": {"Type": "T"},
        }
    }
    differences = {
        "shop": {
            "Resources.A.Properties.Keys[1].b": {"dev": 1, "prod": 2},
            "Resources.A.Properties.a.b": {"dev": 1, "prod": 3},
            "Resources.A.Properties.Old": {"dev": 1, "prod": "(absent)"},
            "Resources.A.Properties.New": {"dev": "(absent)", "prod": {"x": 4}},
            "Resources.B": {"dev": {"Type": "T"}, "prod": "(absent)"},
            "Resources.C": {"dev": "(absent)", "prod": {"Type": "U"}},
        },
        "edge": {"Resources": {"dev": "(absent)", "prod": {"D": {"Type": "V"}}}},
    }
    folder = tmp_path / snapshots.FOLDER
    folder.mkdir(parents=True)
    (folder / "test_template[shop].json").write_text(json.dumps(dev))
    (folder / "test_difference_to_dev[prod].json").write_text(json.dumps(differences))
    found = snapshots.of("prod", tmp_path)
    properties = {"Keys": ["a", {"b": 2}], "a.b": 3, "New": {"x": 4}}
    shop = {"A": {"Type": "T", "Properties": properties}, "C": {"Type": "U"}}
    assert found == {"shop": {"Resources": shop}, "edge": {"Resources": {"D": {"Type": "V"}}}}
    assert snapshots.of("dev", tmp_path) == {"shop": dev}


def snapshot_texts(folder: Path) -> dict[str, str]:
    return {it.name: it.read_text("utf-8") for it in (folder / snapshots.FOLDER).iterdir()}


def environments(**resources: str) -> dict[str, dict[str, Any]]:
    """A resource of a type by service; staging has it under its own name, prod one more."""
    dev = {it: {"Resources": {"A": {"Type": of, "Name": f"{PRODUCT}-dev-{it}"}}} for it, of in
           resources.items()}  # fmt: skip
    found = {it: json.loads(json.dumps(dev).replace("-dev-", f"-{it}-")) for it in ENVIRONMENTS}
    for template in found["prod"].values():
        template["Resources"]["B"] = {"Type": "More"}
    return found


def test_snapshots_of_some_services_are_written_and_those_of_others_stay(tmp_path: Path) -> None:
    (tmp_path / snapshots.FOLDER).mkdir(parents=True)
    snapshots.write(environments(orders="Old", shop="Old", sales="Old"), None, tmp_path)
    few = environments(orders="New", toys="New")
    snapshots.write(few, ["orders", "toys", "shop"], tmp_path)
    partly = snapshot_texts(tmp_path)
    snapshots.write(environments(orders="New", sales="Old", toys="New"), None, tmp_path)
    assert snapshot_texts(tmp_path) == partly
    assert snapshots.of("prod", tmp_path)["toys"]["Resources"]["B"] == {"Type": "More"}
    assert {*snapshots.of_dev(tmp_path)} == {"orders", "sales", "toys"}


def test_snapshots_are_written_as_the_tests_of_the_templates_write_them(tmp_path: Path) -> None:
    (tmp_path / snapshots.FOLDER).mkdir(parents=True)
    snapshots.write({"dev": snapshots.of_dev()}, None, tmp_path)
    accepted = snapshot_texts(CHECKOUT)
    for name, text in snapshot_texts(tmp_path).items():
        assert text == accepted[name], name


def test_a_stack_that_cannot_be_made_is_shown_with_the_error_of_its_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("a queue has no name")

    monkeypatch.setattr(synthesis, "templates", fail)
    for services in (["orders"], None):
        with pytest.raises(NotGenerated, match=r"synthesized:(?s:.*)a queue has no name"):
            write_snapshots(services)


def test_of_some_services_each_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def made(environment: str, context: object, services: list[str]) -> dict[str, Any]:
        asked.append((environment, services))
        return {f"{PRODUCT}-{environment}-toys": {}}

    monkeypatch.setattr(synthesis, "templates", made)
    assert synthesis.of_all(["toys"]) == {it: {"toys": {}} for it in ENVIRONMENTS}
    assert asked == [(it, ["toys"]) for it in ENVIRONMENTS]
