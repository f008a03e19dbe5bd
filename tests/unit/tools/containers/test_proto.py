"""A proto that would break its callers does not get past the checks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.containers import with_containers
from tools.containers import environment, proto

FILE = Path("shop", "pricing", "v1", "pricing.proto")
BREAKS = [
    pytest.param("int32 unit_price = 3;", "int64 unit_price = 3;", "unit_price", id="type"),
    pytest.param("string currency = 4;", "string currency = 6;", '"4"', id="number"),
    pytest.param("  string customer_id = 1;", "", "customer_id", id="field-gone"),
    pytest.param("string sku = 1;\n  // How", "string code = 1;\n  // How", "code", id="name"),
    pytest.param("returns (stream Watch", "returns (Watch", "stream", id="no-stream"),
    pytest.param("rpc Quote(", "rpc Offer(", '"Quote"', id="method"),
    pytest.param("package shop.pricing.v1;", "package shop.pricing.v2;", "package", id="package"),
]
nightly = pytest.mark.nightly


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A copy of the proto, to be changed."""
    shutil.copytree(proto.PROTO, tmp_path / "proto")
    return tmp_path / "proto"


def change(folder: Path, old: str, new: str) -> None:
    text = (folder / FILE).read_text("utf-8")
    assert old in text
    (folder / FILE).write_text(text.replace(old, new, 1), "utf-8")


@with_containers
def test_a_break_is_named(changed: Path) -> None:
    change(changed, "int32 unit_price = 3;", "int64 unit_price = 3;")
    found = proto.breaking_changes(changed, proto.RELEASED)
    assert len(found) == 1
    assert "unit_price" in found[0]


@nightly
@with_containers
@pytest.mark.parametrize(("old", "new", "named"), BREAKS)
def test_each_kind_of_break_is_named(changed: Path, old: str, new: str, named: str) -> None:
    change(changed, old, new)
    assert any(named in it for it in proto.breaking_changes(changed, proto.RELEASED))


@nightly
@with_containers
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  int64 revision = 4;", "  int64 revision = 4;\n  // More.\n  string more = 5;"),
        ("// An offer.", "// What is offered."),
    ],
)
def test_what_breaks_nobody_may_be_released(changed: Path, old: str, new: str) -> None:
    change(changed, old, new)
    assert proto.breaking_changes(changed, proto.RELEASED) == []
    assert proto.lint(changed) == []


@nightly
@with_containers
def test_bad_style_is_named(changed: Path) -> None:
    change(changed, "  // Grows with every", "  string Loud = 9;\n  // Grows with every")
    found = proto.lint(changed)
    assert any("Loud" in it and "snake" in it for it in found)
    assert any("comment" in it for it in found)


@nightly
@with_containers
def test_what_is_no_proto_is_refused_in_protocs_words(changed: Path) -> None:
    change(changed, 'syntax = "proto3";', 'syntax = "proto3"; nonsense')
    with pytest.raises(environment.ContainerToolsError) as refused:
        proto.lint(changed)
    assert any("nonsense" in it or "pricing.proto" in it for it in refused.value.evidence)


def test_a_change_is_no_release_where_nothing_can_judge_it(
    changed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proto, "is_there", lambda: False)
    assert proto.is_fresh(), "the same as released needs no judge"
    monkeypatch.setattr(proto, "PROTO", changed)
    change(changed, "int32 unit_price = 3;", "int64 unit_price = 3;")
    with pytest.raises(LookupError, match="make setup CONTAINERS=yes"):
        proto.is_fresh()
