"""A name is refused that something here cannot have, with the reason; nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from aws_cdk.region_info import RegionInfo

from contracts.product import PRODUCT
from stacks.stage import stage_named
from tools.base.target import ENVIRONMENTS
from tools.rename import names
from tools.rename.names import NameRefused
from tools.rename.texts import NotReversible, renamed

TEXTS = {"README.md": "Oldname runs a shop.", "stacks/a.py": "oldname-dev"}


@pytest.mark.parametrize("name", ["newname", "n2x", "q" * 18, "oldnameplus"])
def test_a_name_that_everything_can_have(name: str) -> None:
    names.check(name, "oldname", TEXTS)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Newname", "no capitals"),
        ("new-name", "no dash"),
        ("newname-", "no dash"),
        ("-newname", "no dash"),
        ("new_name", "small letters"),
        ("new name", "small letters"),
        ("новый", "small letters"),
        ("ﬁne", "small letters"),
        ("1name", "begin with a letter"),
        ("", "begin with a letter"),
        ("newname\n", "small letters"),
        ("../name", "small letters"),
        ("ab", "too short"),
        ("q" * 80, "80 characters"),
        ("lambda", "word of Python"),
        ("match", "word of Python"),
        ("json", "word of Python"),
        ("awsname", "AWS keeps"),
        ("ssmname", "AWS keeps"),
        ("localhost", "systems keep"),
        ("oldname", "called oldname already"),
        ("shop", "is a word of README.md already"),
        ("runs", "is a word of README.md already"),
        ("stack", "is a word of stacks/a.py already"),
    ],
)
def test_a_name_that_is_refused(name: str, reason: str) -> None:
    with pytest.raises(NameRefused, match=reason):
        names.check(name, "oldname", TEXTS)


def test_the_longest_name_is_what_the_longest_bucket_leaves() -> None:
    account = "1" * 12
    buckets = [
        stage.archive_replica_name(account).replace("None", region.name)
        for environment in ENVIRONMENTS
        for region in RegionInfo.regions
        for stage in [stage_named(environment, "cloud", region.name)]
    ]
    longest = max(map(len, buckets)) - len(PRODUCT)
    assert names.LONGEST + longest == names.LONGEST_BUCKET_NAME
    names.check("q" * names.LONGEST, "oldname", TEXTS)
    with pytest.raises(NameRefused, match=f"{names.LONGEST} are the most"):
        names.check("q" * (names.LONGEST + 1), "oldname", TEXTS)


def test_the_name_is_read_where_it_is_declared(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "oldname"\n')
    assert names.current(tmp_path) == "oldname"


def test_every_form_is_renamed() -> None:
    text = "oldname Oldname OLDNAME_OUTPUTS oldname.orders oldnamedev /oldname/dev @oldname/team"
    there = renamed(text, "oldname", "newname")
    assert there == text.replace("old", "new").replace("Old", "New").replace("OLD", "NEW")
    assert renamed(there, "newname", "oldname") == text


@pytest.mark.parametrize("text", ["OldName", "oLDNAME", "newnam oldnamee newname"])
def test_what_could_not_be_renamed_back_is_refused(text: str) -> None:
    with pytest.raises(NotReversible):
        renamed(text, "oldname", "newname")


def test_a_name_that_holds_the_old_one_can_be_renamed_back() -> None:
    there = renamed("oldname and Oldname", "oldname", "goldname")
    assert there == "goldname and Goldname"
    assert renamed(there, "goldname", "oldname") == "oldname and Oldname"
