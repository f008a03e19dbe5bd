"""The copy that is deployed offline is a whole assembly, and the original stays as it is."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError

from contracts.product import PRODUCT
from tests.support.drivers.small_assembly import write_assembly
from tools.base.assembly import Assembly
from tools.base.errors import ParityError
from tools.emulator import parity
from tools.emulator.offline_copy import make_offline_copy, summary
from tools.emulator.removal import Removed

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

DENIES_HTTP: dict[str, Any] = {
    "Type": "AWS::S3::BucketPolicy",
    "Properties": {
        "PolicyDocument": {
            "Statement": [
                {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
            ]
        }
    },
}
TEMPLATES: dict[str, dict[str, Any]] = {
    f"{PRODUCT}-dev-audit": {
        "Resources": {
            "Trail": {"Type": "AWS::CloudTrail::Trail"},
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "Policy": DENIES_HTTP,
        }
    },
    f"{PRODUCT}-dev-orders": {"Resources": {"Table": {"Type": "AWS::DynamoDB::Table"}}},
}


class FakeEmulator:
    """Answers about types as the emulator does: one message that names all it does not know."""

    def __init__(self, *known: str) -> None:
        self.known = known

    def validate_template(self, *, TemplateBody: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        types = {it["Type"] for it in json.loads(TemplateBody)["Resources"].values()}
        if unknown := sorted(types - set(self.known)):
            message = f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]"
            raise ClientError(
                {"Error": {"Code": "ValidationError", "Message": message}}, "ValidateTemplate"
            )
        return {}


def _copy(
    tmp_path: Path, *, auth: bool = False, known: tuple[str, ...] = ()
) -> tuple[Assembly, list[Removed]]:
    original = write_assembly(tmp_path / "original", TEMPLATES)
    emulator = FakeEmulator(
        "AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::DynamoDB::Table", *known
    )
    before = {file.name: file.read_bytes() for file in original.directory.iterdir()}
    made = make_offline_copy(
        original, tmp_path / "copy", cast("CloudFormationClient", emulator), auth=auth
    )
    assert {file.name: file.read_bytes() for file in original.directory.iterdir()} == before
    return made


def test_the_copy_lacks_what_the_emulator_does_not_know(tmp_path: Path) -> None:
    made, removed = _copy(tmp_path)
    audit, orders = made.stacks
    assert set(audit.template["Resources"]) == {"Bucket", "Policy"}
    assert orders.template == TEMPLATES[f"{PRODUCT}-dev-orders"]
    assert removed == [Removed(f"{PRODUCT}-dev-audit", "Trail", "AWS::CloudTrail::Trail")]


def test_what_is_uploaded_goes_by_its_own_hash(tmp_path: Path) -> None:
    made, _ = _copy(tmp_path)
    manifest = json.loads((made.directory / "manifest.json").read_text())
    for stack in made.stacks:
        digest = hashlib.sha256(stack.template_file.read_bytes()).hexdigest()
        assert digest in json.loads(stack.assets_file.read_text())["files"]
        properties = manifest["artifacts"][stack.artifact]["properties"]
        assert properties["stackTemplateAssetObjectUrl"].endswith(f"/{digest}.json")


def test_plain_http_is_let_in_only_where_policies_are_enforced(tmp_path: Path) -> None:
    made, removed = _copy(tmp_path, auth=True)
    policy = made.stacks[0].template["Resources"]["Policy"]
    assert policy["Properties"]["PolicyDocument"]["Statement"] == []
    assert [it.logical_id for it in removed] == ["Trail", "Policy"]


def test_a_type_that_the_ledger_calls_absent_but_the_emulator_knows_is_an_error(
    tmp_path: Path,
) -> None:
    with pytest.raises(ParityError, match=r"has learned.*AWS::CloudTrail::Trail"):
        _copy(tmp_path, known=("AWS::CloudTrail::Trail",))


def test_a_type_that_neither_emulator_nor_ledger_know_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = parity.absent_types() - {"AWS::CloudTrail::Trail"}
    monkeypatch.setattr(parity, "absent_types", lambda: absent)
    with pytest.raises(ParityError, match=r"does not know.*AWS::CloudTrail::Trail"):
        _copy(tmp_path)


def test_what_is_missing_is_told_in_one_line() -> None:
    removed = [Removed("a", "X", "AWS::B::B"), Removed("b", "Y", "AWS::B::B")]
    assert summary([*removed, Removed("a", "Z", "AWS::A::A")]) == "AWS::A::A x1, AWS::B::B x2"
