"""The system can be synthesized for every partition, or says what to name there instead."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import botocore.session
import pytest
from aws_cdk import App

from stacks.partitions import PARTITIONS, NotInThisRegion
from stacks.services import LONGEST_ROLE_NAME
from stacks.stage import from_context, stage_named
from tests.infra.places import CONTEXTS, ELSEWHERE
from tests.infra.rules import Rule
from tests.infra.rules.of_templates import RULES
from tests.infra.system import CHECKOUT, CONTEXT, synthesized

CHINA = dict(CONTEXTS["aws-cn"])


@pytest.mark.parametrize("partition", ELSEWHERE)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_holds_in_every_partition(rule: Rule, partition: str) -> None:
    system = synthesized("prod", *CONTEXTS[partition])
    assert system.partition == partition
    assert not list(rule(system))


@pytest.mark.nightly  # of dev, test_acknowledged_findings asks the packs each day
def test_the_packs_of_rules_find_nothing_in_another_partition(tmp_path: Path) -> None:
    """As the CDK's command line runs it: what is accepted is accepted wherever it is."""
    done = _synthesize(tmp_path, {**CHINA, "environment": "prod"})
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


@pytest.mark.parametrize(
    ("context", "named"),
    [
        ({"region": "us-gov-west-1"}, ["configuration_agent_layer_arn"]),
        ({"region": "eusc-de-east-1"}, ["configuration_agent_layer_arn"]),
        ({"region": "cn-north-1"}, ["token_authorizer_arn", "configuration_agent_layer_arn"]),
        ({**CHINA, "mail": "ses", "environment": "prod"}, ["mail", "outbox"]),
        ({"region": "us-iso-east-1"}, ["aws-iso", "stacks/partitions.py"]),
        ({"region": "eu-wset-1"}, ["eu-wset-1", "spelled"]),
        ({"archive_region": "eu-west-1", "environment": "prod"}, ["archive_region"]),
        ({"archive_region": "cn-north-1", "environment": "prod"}, ["archive_region"]),
        ({**CHINA, "archive_region": "eu-central-1", "environment": "prod"}, ["cn-northwest-1"]),
        (
            {
                **dict(CONTEXTS["aws-eusc"]),
                "archive_region": "eu-central-1",
                "environment": "prod",
            },
            ["only region", "archive_region=eusc-de-east-1"],
        ),
    ],
)
def test_a_place_that_lacks_something_is_refused_with_what_to_name(
    context: Mapping[str, str], named: list[str]
) -> None:
    with pytest.raises(NotInThisRegion) as refused:
        from_context(App(context={**CONTEXT, **context}))
    assert all(it in str(refused.value) for it in named), refused.value


def test_a_refusal_is_one_message_and_no_trace(tmp_path: Path) -> None:
    done = _synthesize(tmp_path, {"region": "eusc-de-east-1"})
    assert done.returncode == 1
    assert done.stderr.startswith("synth: eusc-de-east-1 lacks")
    assert "Traceback" not in done.stderr


def test_a_layer_of_another_region_is_refused(tmp_path: Path) -> None:
    layer = dict(CONTEXTS["aws-us-gov"])["configuration_agent_layer_arn"]
    done = _synthesize(tmp_path, {"configuration_agent_layer_arn": layer})
    assert (done.returncode, "of their own region" in done.stderr) == (1, True)


def test_an_unknown_kind_of_mail_is_refused() -> None:
    with pytest.raises(ValueError, match="ses or outbox"):
        from_context(App(context={**CONTEXT, "mail": "pigeon"}))


@pytest.mark.parametrize("partition", PARTITIONS)
def test_the_table_says_what_botocore_says(partition: str) -> None:
    """What a partition lacks, and which regions it has: the list of endpoints knows both."""
    session = botocore.session.get_session()
    known = PARTITIONS[partition]
    services = {lack.service for it in PARTITIONS.values() for lack in it.lacks if lack.service}
    lacking = {it for it in services if not session.get_available_regions(it, partition)}
    assert {lack.service for lack in known.lacks if lack.service} == lacking
    possible = set().union(*(it.left_out for it in PARTITIONS.values()))
    without = {it for it in possible if not session.get_available_regions(it, partition)}
    assert known.left_out == without
    if known.regions is not None:
        assert set(known.regions) == set(session.get_available_regions("sqs", partition))


def test_the_page_on_regions_names_every_lack_and_its_setting() -> None:
    page = (CHECKOUT / "docs" / "regions.md").read_text("utf-8")
    for name, partition in PARTITIONS.items():
        assert f"`{name}`" in page
        for lack in partition.lacks:
            assert lack.what in page
            assert f"-c {lack.context_key}=" in page


def test_names_of_roles_fit_and_stay_apart() -> None:
    """The longest names of the longest region are cut, and tell their functions apart still."""
    staging = stage_named("staging", "cloud", "ap-southeast-1")
    names = {
        staging.role_name("payments", f"BackupProviderKeyRetirement{end}") for end in ("", "s", "d")
    }
    assert len(names) == 3
    assert all(len(it) <= LONGEST_ROLE_NAME and "ap-southeast-1" in it for it in names)
    assert staging.role_name("orders", "Relay").endswith("-ap-southeast-1-orders-Relay")


def _synthesize(out: Path, context: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    synthesized("dev")  # builds the packages
    context_of_cdk_json = json.loads((CHECKOUT / "cdk.json").read_text())["context"]
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("CDK_VALIDATION", "PYTHONDONTWRITEBYTECODE")
    }
    return subprocess.run(
        [sys.executable, "app.py"],
        cwd=CHECKOUT,
        env=inherited
        | {
            "CDK_OUTDIR": str(out),
            "CDK_CONTEXT_JSON": json.dumps({**context_of_cdk_json, **context}),
        },
        capture_output=True,
        text=True,
        check=False,
    )
