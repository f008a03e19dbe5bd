"""An audit fails for a finding without a reason, and for a reason without a finding."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.product import PRODUCT
from tools.checks.audit import accepted
from tools.checks.audit.accepted import Accepted, judge
from tools.checks.audit.errors import AuditError
from tools.checks.audit.findings import Finding, of_cfn_lint, of_checkov

REASON = "Because of something that is written down at some length here."
LOGS = Accepted("checkov", "CKV_AWS_158", "AWS::Logs::LogGroup", REASON)
BUCKETS = Accepted("checkov", "CKV_AWS_18", "AWS::S3::Bucket", REASON, ("Scratch", "Replica"))


def finding(rule: str, type: str, resource: str) -> Finding:
    return Finding("checkov", rule, "a title", f"{PRODUCT}-dev-orders", resource, type)


LOG = finding("CKV_AWS_158", "AWS::Logs::LogGroup", "RelayLogs1")
SCRATCH = finding("CKV_AWS_18", "AWS::S3::Bucket", "Scratch1")
REPLICA = finding("CKV_AWS_18", "AWS::S3::Bucket", "Replica1")


def test_what_is_accepted_is_counted_and_nothing_is_left_to_do() -> None:
    judgement = judge([LOG, LOG, SCRATCH, REPLICA], [LOGS, BUCKETS])
    assert judgement.is_clean
    assert (judgement.counts[LOGS], judgement.counts[BUCKETS]) == (2, 2)


@pytest.mark.parametrize(
    "new",
    [
        finding("CKV_AWS_999", "AWS::Logs::LogGroup", "RelayLogs1"),
        finding("CKV_AWS_158", "AWS::Lambda::Function", "Relay1"),
        finding("CKV_AWS_18", "AWS::S3::Bucket", "Public1"),
    ],
    ids=["another rule", "another type", "another resource"],
)
def test_a_new_finding_fails(new: Finding) -> None:
    judgement = judge([LOG, SCRATCH, REPLICA, new], [LOGS, BUCKETS])
    assert judgement.new == (new,)
    assert not judgement.is_clean


def test_a_reason_that_nothing_needs_fails() -> None:
    judgement = judge([SCRATCH, REPLICA], [LOGS, BUCKETS])
    assert not judgement.is_clean
    assert judgement.unused == ("checkov CKV_AWS_158 on AWS::Logs::LogGroup",)


def test_each_resource_that_a_reason_names_has_to_need_it() -> None:
    judgement = judge([LOG, SCRATCH], [LOGS, BUCKETS])
    assert len(judgement.unused) == 1
    assert judgement.unused[0].endswith("nothing called Replica...")


def test_every_reason_in_the_file_says_why() -> None:
    kinds = accepted.read()
    assert len(kinds) == len({(it.tool, it.rule, it.type) for it in kinds}) > 5


@pytest.mark.parametrize(
    "text",
    [
        "[[accepted]]\ntool='x'\nrule='y'\ntype='z'\nreason='short'",
        "[[accepted]]\ntool='x'\nrule='y'\ntype='z'",
        "[[accepted]]\ntool='x'\nrule='y'\ntype='z'\nreason='" + "r" * 60 + "'\nbecause='z'",
        "[[accepted",
    ],
    ids=["too short", "none", "an unknown field", "no TOML"],
)
def test_an_entry_without_a_reason_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "accepted.toml"
    file.write_text(text)
    with pytest.raises(AuditError, match=r"accepted\.toml"):
        accepted.read(file)


def test_what_the_tools_print_is_read(tmp_path: Path) -> None:
    body = {"Resources": {"Relay1": {"Type": "AWS::Lambda::Function"}}}
    (tmp_path / f"{PRODUCT}-dev-orders.template.json").write_text(json.dumps(body))
    printed = [
        {
            "Filename": str(tmp_path / f"{PRODUCT}-dev-orders.template.json"),
            "Location": {"Path": ["Resources", "Relay1", "DependsOn", 1]},
            "Rule": {"Id": "W3005", "ShortDescription": "a title"},
        }
    ]
    (linted,) = of_cfn_lint(json.dumps(printed), tmp_path)
    assert linted == Finding(
        "cfn-lint", "W3005", "a title", f"{PRODUCT}-dev-orders", "Relay1", "AWS::Lambda::Function"
    )
    check = {
        "check_id": "CKV_AWS_158",
        "check_name": "a title",
        "file_path": f"/{PRODUCT}-dev-orders.template.json",
        "resource": "AWS::Logs::LogGroup.RelayLogs1",
    }
    assert list(of_checkov(json.dumps({"results": {"failed_checks": [check]}}))) == [LOG]


@pytest.mark.parametrize("printed", ["", "[]", "{}", '{"passed": 0, "failed": 0}'])
def test_a_tool_that_looked_at_nothing_proves_nothing(printed: str) -> None:
    with pytest.raises(AuditError):
        list(of_checkov(printed))


def test_a_template_that_cannot_be_parsed_is_no_clean_one() -> None:
    report = {"results": {"failed_checks": [], "parsing_errors": ["/x.template.json"]}}
    with pytest.raises(AuditError, match=r"x\.template\.json"):
        list(of_checkov(json.dumps(report)))
