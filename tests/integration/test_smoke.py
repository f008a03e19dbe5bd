"""The smoke test of a first deployment, on the emulator: what it asks, and that it finds faults."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.drivers.offline import Deployment
from tools.base.target import offline
from tools.smoke.__main__ import CHECKS, main, run
from tools.smoke.check import Outcome, Result
from tools.smoke.system import System

FEWEST = 12


@pytest.fixture
def smoke(deployment: Deployment) -> Iterator[System]:
    services = deployment.outputs["services"]
    target = offline(deployment.emulator.workspace.root)
    system = System(target, lambda service: str(services[service]["urls"]["Api"]))
    for queue in system.everywhere("AWS::SQS::Queue"):
        if "DeadLetters" in queue.logical_id:  # tests before have put things there
            system.client("sqs").purge_queue(QueueUrl=queue.id)
    yield system
    assert system.clean_up() == []


def only(name: str, smoke: System) -> Result:
    """What comes of one check."""
    (result,) = run(smoke, [it for it in CHECKS if it.name == name])
    return result


def test_what_the_emulator_can_answer_is_right_and_the_rest_says_why_not(
    smoke: System, deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(CHECKS) >= FEWEST
    status = main(["--workspace", str(deployment.emulator.workspace.root)])
    said = capsys.readouterr().out
    assert status == 0, said
    for check in CHECKS:
        assert check.proves
        outcome = Outcome.NOT_ASKED if check.offline else Outcome.PASSED
        (line,) = [it for it in said.splitlines() if it.endswith(f" {check.name}")]
        assert line.startswith(outcome), said
    asked = [it for it in CHECKS if not it.offline]
    assert len(asked) >= FEWEST
    pool = smoke.target.find("identity", "user-pool-arn").rpartition("/")[2]
    users = smoke.client("cognito-idp").list_users(UserPoolId=pool)["Users"]
    assert not [it for it in users if it["Username"].startswith("smoke-")], "a user is left behind"
    plans = smoke.client("apigateway").get_usage_plans()["items"]
    assert not [it for it in plans if it["name"].startswith("smoke-")], "a plan is left behind"


def test_a_query_that_may_write_is_found(smoke: System) -> None:
    role = smoke.one("order-views", "AWS::IAM::Role", "GetOrderRole")
    allowed = {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": "*"}
    smoke.client("iam").put_role_policy(
        RoleName=role,
        PolicyName="Planted",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
    )
    try:
        result = only("queries cannot write", smoke)
    finally:
        smoke.client("iam").delete_role_policy(RoleName=role, PolicyName="Planted")
    assert result.outcome is Outcome.FAILED
    assert "may dynamodb:PutItem" in result.found
    assert only("queries cannot write", smoke).outcome is Outcome.PASSED


@pytest.mark.nightly
def test_a_message_among_dead_letters_fails_the_command(
    smoke: System, deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    sqs = smoke.client("sqs")
    queue = next(
        it.id for it in smoke.everywhere("AWS::SQS::Queue") if "DeadLetters" in it.logical_id
    )
    sqs.send_message(QueueUrl=queue, MessageBody="planted")
    try:
        assert main(["--workspace", str(deployment.emulator.workspace.root)]) == 1
    finally:
        sqs.purge_queue(QueueUrl=queue)
    assert f"1 in {queue.rpartition('/')[2]}" in capsys.readouterr().out


def test_a_check_that_cannot_be_made_has_failed_and_the_others_go_on(smoke: System) -> None:
    system = System(smoke.target, lambda _service: "http://127.0.0.1:9")
    results = list(run(system, [it for it in CHECKS if not it.offline][:3]))
    assert [it.outcome for it in results] == [Outcome.FAILED] * 3
    assert system.clean_up() == []
