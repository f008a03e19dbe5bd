"""Pipelines and their roles are judged by rules, each of which finds what is planted for it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from stacks.services import declared
from tests.infra.rules.delivery import RULES, DeliveryRule, Templates, of_type
from tests.infra.system import CONTEXT
from tools.affected.files import read as read_files
from tools.affected.imports import Imports
from tools.affected.knowledge import Knowledge
from tools.base.workspace import CHECKOUT
from tools.delivery import filters
from tools.delivery.app import build
from tools.delivery.places import NotDeliverable, read

PLACES = read()
ONE = "payments"
Plant = Callable[[dict[str, dict[str, Any]]], None]


@cache
def synthesized(*services: str) -> dict[str, dict[str, Any]]:
    """The templates by stack, for these services or for all that are delivered."""
    chosen = [it for it in filters.delivered() if not services or it.name in services]
    app = App(context=CONTEXT)
    build(app, PLACES, filters.filters(), chosen)
    return {it.stack_name: it.template for it in app.synth().stacks}


def first(templates: Templates, type: str) -> dict[str, Any]:
    """The properties of the first resource of a type."""
    return next(it for _, it in of_type(templates, type))


def pipeline(templates: Templates) -> dict[str, Any]:
    return first(templates, "AWS::CodePipeline::Pipeline")


def github(templates: Templates) -> dict[str, Any]:
    """The trust of the first role that a job of GitHub may assume."""
    roles = (it for _, it in of_type(templates, "AWS::IAM::Role"))
    statements = (it["AssumeRolePolicyDocument"]["Statement"][0] for it in roles)
    found: dict[str, Any] = next(it for it in statements if "Federated" in it["Principal"])
    return found


def subject(text: str) -> Plant:
    """Another subject for that role."""

    def plant(templates: dict[str, dict[str, Any]]) -> None:
        equal = github(templates)["Condition"]["StringEquals"]
        equal["token.actions.githubusercontent.com:sub"] = text

    return plant


def _any_job_of_the_repository(templates: dict[str, dict[str, Any]]) -> None:
    condition = github(templates)["Condition"]
    condition["StringLike"] = {
        "token.actions.githubusercontent.com:sub": f"repo:{PLACES.repository}:*"
    }


def _whole_account(templates: dict[str, dict[str, Any]]) -> None:
    for _, role in of_type(templates, "AWS::IAM::Role"):
        principal = role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
        if "AWS" in principal:
            principal["AWS"] = "arn:aws:iam::111111111111:root"
            return


def _assumes_any_role(templates: dict[str, dict[str, Any]]) -> None:
    for _, policy in of_type(templates, "AWS::IAM::Policy"):
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Action"] == "sts:AssumeRole":
                statement["Resource"] = "arn:aws:iam::333333333333:role/*"
                return


def _machine(old: str, new: str) -> Plant:
    def plant(templates: dict[str, dict[str, Any]]) -> None:
        machine = first(templates, "AWS::StepFunctions::StateMachine")
        text = json.dumps(machine["DefinitionString"])
        assert old in text
        machine["DefinitionString"] = json.loads(text.replace(old, new))

    return plant


def _nobody_is_told(templates: dict[str, dict[str, Any]]) -> None:
    first(templates, "AWS::CodeStarNotifications::NotificationRule")["EventTypeIds"] = []


def _ninth_path(templates: dict[str, dict[str, Any]]) -> None:
    push = pipeline(templates)["Triggers"][0]["GitConfiguration"]["Push"][0]
    push["FilePaths"]["Includes"] = [f"folder-{number}/**" for number in range(9)]


def _without(*keys: Any) -> Plant:
    """A pipeline that lacks what these keys lead to."""

    def plant(templates: dict[str, dict[str, Any]]) -> None:
        found = pipeline(templates)
        for key in keys[:-1]:
            found = found[key]
        del found[keys[-1]]

    return plant


def _set(type: str, key: str, value: Any) -> Plant:
    def plant(templates: dict[str, dict[str, Any]]) -> None:
        first(templates, type)[key] = value

    return plant


def _nobody_may_tell(templates: dict[str, dict[str, Any]]) -> None:
    for stack, template in templates.items():
        if stack.endswith("-budget"):
            first({stack: template}, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"] = []
            return


PUSH = ("Triggers", 0, "GitConfiguration", "Push", 0)
PLANTED: dict[str, list[tuple[str, Plant]]] = {
    "a_pipeline_has_every_stage_and_ends_with_its_canary": [
        ("no contracts", _without("Stages", 2)),
        ("no approval", _without("Stages", 6)),
        ("no canary", _without("Stages", 7, "Actions", 1)),
    ],
    "what_fails_in_a_stage_is_taken_back": [("prod stays", _without("Stages", 7, "OnFailure"))],
    "merges_do_not_run_into_each_other": [
        ("parallel", _set("AWS::CodePipeline::Pipeline", "ExecutionMode", "PARALLEL")),
        ("first type", _set("AWS::CodePipeline::Pipeline", "PipelineType", "V1")),
    ],
    "a_pipeline_starts_for_its_own_paths_on_one_branch": [
        ("a ninth path", _ninth_path),
        ("every branch", _without(*PUSH, "Branches")),
        ("every path", _without(*PUSH, "FilePaths")),
    ],
    "artifacts_are_encrypted_and_read_by_nobody_else": [
        ("no key", _without("ArtifactStore", "EncryptionKey")),
        ("public", _set("AWS::S3::Bucket", "PublicAccessBlockConfiguration", {})),
        ("no TLS", _set("AWS::S3::BucketPolicy", "PolicyDocument", {})),
    ],
    "a_role_trusts_one_role_one_service_or_one_job": [
        ("a fork", subject(f"repo:somebody/{PLACES.name}:environment:staging")),
        ("a branch", subject(f"repo:{PLACES.repository}:ref:refs/heads/other")),
        ("no subject", subject("")),
        ("any job", _any_job_of_the_repository),
        ("a whole account", _whole_account),
    ],
    "a_role_may_assume_what_is_named": [("any role", _assumes_any_role)],
    "a_build_is_private_and_bounded": [
        ("no key", _set("AWS::CodeBuild::Project", "EncryptionKey", "alias/aws/s3")),
        ("no end", _set("AWS::CodeBuild::Project", "TimeoutInMinutes", 480)),
    ],
    "people_hear_of_failures_and_approvals": [("nobody", _nobody_is_told)],
    "every_pipeline_has_the_roles_and_the_canary_that_it_names": [
        ("another", _set("AWS::StepFunctions::StateMachine", "StateMachineName", "x-canary-y")),
    ],
    "a_canary_fails_when_an_alarm_of_its_service_rings": [
        ("another service", _machine(f"-prod-{ONE}-", "-prod-orders-")),
        ("deaf", _machine("$.found.ringing", "$.found.rang")),
    ],
    "spending_is_told_before_it_is_too_late": [
        ("nobody", _set("AWS::Budgets::Budget", "NotificationsWithSubscribers", [])),
        ("everybody's", _set("AWS::Budgets::Budget", "Budget", {})),
        ("weekly", _set("AWS::CE::AnomalySubscription", "Frequency", "WEEKLY")),
    ],
    "who_tells_of_costs_may_use_the_topic": [("nobody", _nobody_may_tell)],
}


@pytest.mark.parametrize("rule", RULES, ids=lambda it: it.__name__)
def test_a_rule_holds_for_one_service_and_finds_what_is_planted(rule: DeliveryRule) -> None:
    templates = synthesized(ONE)
    assert list(rule(templates, PLACES)) == []
    for what, plant in PLANTED[rule.__name__]:
        faulty = copy.deepcopy(templates)
        plant(faulty)
        assert list(rule(faulty, PLACES)), what


@pytest.mark.nightly
@pytest.mark.parametrize("rule", RULES, ids=lambda it: it.__name__)
def test_a_rule_holds_for_every_service(rule: DeliveryRule) -> None:
    assert list(rule(synthesized(), PLACES)) == []


@pytest.mark.nightly
def test_every_service_has_a_pipeline_and_they_differ_by_its_name_and_paths_alone() -> None:
    templates = synthesized()
    names = {it["Name"] for _, it in of_type(templates, "AWS::CodePipeline::Pipeline")}
    services = {it.name for it in declared() if not it.of_every_environment}
    assert {it.partition("-")[2] for it in names} == services
    forms = set()
    for _, found in of_type(templates, "AWS::CodePipeline::Pipeline"):
        form = copy.deepcopy(found)
        name = form["Name"].partition("-")[2]
        del form["Triggers"]
        forms.add(json.dumps(form, sort_keys=True).replace(name, "SERVICE"))
    assert len(forms) == 1


def test_a_pipeline_starts_for_every_file_that_affects_its_service() -> None:
    files = read_files(CHECKOUT, {})
    known = Knowledge(files, Imports(files), declared())
    affecting = filters.affecting_files(files, known)
    for service, patterns in filters.filters().items():
        fitting = {path for path in files.texts if any(filters.fits(path, it) for it in patterns)}
        assert affecting[service] - fitting == set(), service
        # Patterns are few, so that they take in a few others, but never most of the repository.
        assert len(fitting - affecting[service]) < len(files.texts) / 10, service


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('tools = "111111111111"', 'tools = "1"'),
        ('prod = "333333333333"', 'prod = "222222222222"'),
        ('prod = "333333333333"\n', ""),
        (f'repository = "{PLACES.repository}"', 'repository = "owner/*"'),
        ('branch = "main"', 'branch = "*"'),
        ('branch = "main"', 'branches = "main"'),
        ("prod = 900", "prod = -900"),
        ("prod = 900", 'prod = "much"'),
        ("staging = 150\n", ""),
    ],
)
def test_places_by_which_nothing_could_be_delivered_are_refused(
    old: str, new: str, tmp_path: Path
) -> None:
    text = (CHECKOUT / "tools/delivery/delivery.toml").read_text()
    assert old in text
    (tmp_path / "delivery.toml").write_text(text.replace(old, new))
    with pytest.raises(NotDeliverable):
        read(tmp_path / "delivery.toml")
