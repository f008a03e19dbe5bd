"""Snapshots under another name: every digest is made again, or a synthesis is asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from contracts.product import PRODUCT
from stacks.services import shortened
from tools.base.workspace import CHECKOUT
from tools.rename.ids import Ids, Unexplained, unique_id
from tools.rename.names import LONGEST
from tools.rename.snapshots import FOLDER, renamed_snapshots

OF_THIS_TREE = {
    FOLDER + file.name: file.read_text("utf-8") for file in (CHECKOUT / FOLDER).glob("*.json")
}
STACK = "oldname-dev-orders"


def test_ids_are_made_as_the_cdk_makes_them() -> None:
    """Each resource's id in the snapshots is what its path gives."""
    assert ids_that_their_paths_give(OF_THIS_TREE) > 500


@pytest.mark.parametrize("name", ["nnn", "newname12", "n" * LONGEST])
def test_under_a_name_of_any_length_too(name: str) -> None:
    renamed = renamed_snapshots(OF_THIS_TREE, PRODUCT, name)
    assert any(f'"{name}dev' in text or f"from{name}dev" in text for text in renamed.values())
    assert ids_that_their_paths_give(renamed) == ids_that_their_paths_give(OF_THIS_TREE)
    assert not [text for text in renamed.values() if PRODUCT in text.lower()]


def ids_that_their_paths_give(texts: Mapping[str, str]) -> int:
    """How many resources there are whose id is known, each of which is what its path gives."""
    seen = 0
    for text in texts.values():
        for id, resource in json.loads(text).get("Resources", {}).items():
            path = resource.get("Metadata", {}).get("aws:cdk:path", "").split("/")[1:]
            if path and "Deployment" not in id:  # which ends in a digest of its contents
                assert id == unique_id(path)
                seen += 1
    return seen


@pytest.mark.parametrize("name", ["nnn", "newname12", PRODUCT[::-1], PRODUCT + "x"])
def test_the_way_there_and_back_changes_no_snapshot(name: str) -> None:
    there = renamed_snapshots(OF_THIS_TREE, PRODUCT, name)
    assert there.keys() == OF_THIS_TREE.keys() != {}
    assert there != OF_THIS_TREE
    assert renamed_snapshots(there, name, PRODUCT) == OF_THIS_TREE


def test_an_id_within_an_id_is_made_again() -> None:
    queue = ("oldname-dev-orders", "Commands", "Queue")
    inner = unique_id(queue)
    source = (STACK, "Worker", f"SqsEventSource:{inner}", "Resource")
    ids = Ids([(*queue, "Resource"), source], "oldname", "newname")
    renamed = ("newname-dev-orders", "Commands", "Queue")
    assert ids.renamed(inner) == unique_id(renamed)
    assert ids.renamed(unique_id(source[1:])) == unique_id(
        ("Worker", f"SqsEventSource:{unique_id(renamed)}", "Resource")
    )


def test_what_a_stack_only_refers_to_is_found_below_it() -> None:
    ids = Ids([(STACK, "Relay", "Resource")], "oldname", "newname")
    assert ids.renamed(unique_id((STACK, "EventStream"))) == unique_id(
        ("newname-dev-orders", "EventStream")
    )


def test_a_digest_of_what_nobody_sees_is_not_guessed() -> None:
    ids = Ids([(STACK, "Relay", "Resource")], "oldname", "newname")
    with pytest.raises(Unexplained, match="oldnamedevordersRelay0A1B2C3D"):
        ids.renamed("Ref: oldnamedevordersRelay0A1B2C3D")


def snapshots(product: str) -> dict[str, str]:
    """Of one role, whose name is cut off in staging if the product's name has ten letters."""
    rest = "dev-eu-west-1-orders-" + "F" * 33
    there = shortened(f"{product}-{rest}".replace("-dev-", "-staging-")).replace("staging", "dev")
    here = shortened(f"{product}-{rest}")
    template = {"Resources": {"Role": {"Name": here, "Metadata": {"not": "compared"}}}}
    difference = {"Resources.Role.Name": {"dev": here, "staging": there}} if here != there else {}
    return {
        f"{FOLDER}test_template[orders].json": _text(template),
        f"{FOLDER}test_difference_to_dev[staging].json": _text({"orders": difference}),
    }


def _text(value: object) -> str:
    return json.dumps(value, indent=2, sort_keys=True) + "\n"


def test_a_role_whose_name_becomes_too_long_or_is_not_any_more() -> None:
    short, cut_off_in_staging, cut_off = (snapshots("n" * it) for it in (3, 8, 14))
    assert "Role.Name" not in "".join(short.values())
    assert "Role.Name" in "".join(cut_off_in_staging.values())
    assert renamed_snapshots(short, "n" * 3, "m" * 3) == snapshots("m" * 3)
    assert renamed_snapshots(short, "n" * 3, "m" * 8) == snapshots("m" * 8)
    assert renamed_snapshots(short, "n" * 3, "m" * 14) == snapshots("m" * 14)
    assert renamed_snapshots(cut_off_in_staging, "n" * 8, "m" * 3) == snapshots("m" * 3)
    with pytest.raises(Unexplained, match="whole name of the role"):
        renamed_snapshots(cut_off, "n" * 14, "m" * 3)


def test_digits_that_look_like_a_digest_need_a_synthesis() -> None:
    with pytest.raises(Unexplained, match="taken for a digest"):
        renamed_snapshots(OF_THIS_TREE, PRODUCT, "n12345678")
