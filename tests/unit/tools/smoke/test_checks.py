"""What a smoke test says of an account, on answers like those of AWS: no emulator gives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contracts.product import PRODUCT
from tools.base.assembly import service_of
from tools.base.target import Target
from tools.configuration.services import configured
from tools.smoke import account, orders, permissions
from tools.smoke.__main__ import CHECKS, run
from tools.smoke.check import Check, Failed, NotAsked, Outcome
from tools.smoke.system import Resource, System

ENVIRONMENT = "staging"
OPERATIONS = "arn:aws:sns:eu-west-1:1:operations"
PARAMETERS = {
    "event-log/operations-topic-arn": OPERATIONS,
    "event-log/archive-bucket-name": "archive",
    "event-log/bus-name": "bus",
}


class Aws:
    """Answers of AWS by operation: a value, or what raises; ``asked`` are the operations."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, _service: str) -> Aws:
        return self

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            self.asked.append(operation)
            answer = self.answers[operation]
            answer = answer(request) if callable(answer) else answer
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    def get_paginator(self, operation: str) -> Any:
        class Pages:
            def paginate(pages, **request: Any) -> list[Any]:  # noqa: N805
                return [getattr(self, operation)(**request)]

        return Pages()

    def get_parameter(self, *, Name: str) -> Any:  # noqa: N803
        value = PARAMETERS[Name.removeprefix(f"/{PRODUCT}/{ENVIRONMENT}/")]
        return {"Parameter": {"Value": value}}

    def list_stack_resources(self, *, StackName: str) -> Any:  # noqa: N803
        has = self.answers.get("resources", {}).get(service_of(StackName, ENVIRONMENT), [])
        return {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": it.logical_id,
                    "ResourceType": it.type,
                    "PhysicalResourceId": it.id,
                }
                for it in has
            ]
        }


def system(**answers: Any) -> System:
    target = Target("an account", ENVIRONMENT, Aws(**answers), is_offline=False)
    return System(target, lambda _service: "https://api.example")


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "as planted"}}, "Any")


def mappings(most: int) -> Any:
    function = f"arn:aws:lambda:eu-west-1:1:function:{PRODUCT}-{ENVIRONMENT}-orders-Worker"
    other = {"FunctionArn": "arn:of:somebody", "ScalingConfig": {"MaximumConcurrency": 900}}
    scaling = {"MaximumConcurrency": most}
    return {"EventSourceMappings": [{"FunctionArn": function, "ScalingConfig": scaling}, other]}


def limit(functions: int) -> Any:
    return {"AccountLimit": {"ConcurrentExecutions": functions}}


SECRET = {"signing": [Resource("Signing", "AWS::SecretsManager::Secret", "secret")]}
MAIL = {"notifications": [Resource("Sender", "AWS::SES::EmailIdentity", "mail.example")]}
ROLES = {
    "orders": [Resource("BusPublisherRole1", "AWS::IAM::Role", "publisher")],
}
REPLICATION = {
    "ReplicationConfiguration": {"Rules": [{"Destination": {"Bucket": "arn:aws:s3:::replica"}}]}
}


def rotating(stages: dict[str, list[str]], *, enabled: bool = True) -> Any:
    return {"Name": "signing", "RotationEnabled": enabled, "VersionIdsToStages": stages}


CONFIGURED = {
    service: [
        Resource("Application", "AWS::AppConfig::Application", "app"),
        Resource("Settings", "AWS::AppConfig::ConfigurationProfile", "profile"),
    ]
    for service in configured()
}
GOOD: list[tuple[Callable[[System], str], dict[str, Any], str]] = [
    (
        account.there_is_concurrency,
        {"get_account_settings": limit(1000), "list_event_source_mappings": mappings(190)},
        "1000, of which queues' workers take 190",
    ),
    (
        account.apis_may_write_logs,
        {"get_account": {"cloudwatchRoleArn": "arn:aws:iam::1:role/logs"}, "get_role": {}},
        "logs",
    ),
    (
        account.mail_can_leave,
        {
            "resources": MAIL,
            "get_email_identity": {"VerifiedForSendingStatus": True},
            "get_account": {"ProductionAccessEnabled": True},
        },
        "mail.example",
    ),
    (
        account.secrets_rotate,
        {
            "resources": SECRET,
            "describe_secret": rotating({"1": ["AWSCURRENT", "AWSPENDING"]}),
        },
        "1 secrets, nothing pending",
    ),
    (
        account.alarms_reach_somebody,
        {"list_subscriptions_by_topic": {"Subscriptions": [{"SubscriptionArn": "arn:aws:sns:1"}]}},
        "1 subscriptions",
    ),
    (
        account.validators_are_called,
        {
            "resources": CONFIGURED,
            "list_hosted_configuration_versions": {"Items": [{"VersionNumber": 3}]},
            "validate_configuration": {},
        },
        "4 profiles",
    ),
    (
        account.apis_keep_logs_for_a_while,
        {
            "resources": {"orders": [Resource("Api", "AWS::ApiGateway::RestApi", "api")]},
            "describe_log_groups": {"logGroups": [{"retentionInDays": 30}]},
        },
        "1 APIs",
    ),
    (
        orders.the_replica_is_locked,
        {
            "get_bucket_replication": REPLICATION,
            "get_object_lock_configuration": {
                "ObjectLockConfiguration": {
                    "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 365}}
                }
            },
            "head_object": {"ObjectLockRetainUntilDate": "2027-12-01"},
        },
        "governance, 365 days",
    ),
]
BAD: list[tuple[Callable[[System], str], dict[str, Any], str]] = [
    (
        account.apis_keep_logs_for_a_while,
        {
            "resources": {"orders": [Resource("Api", "AWS::ApiGateway::RestApi", "api")]},
            "describe_log_groups": {"logGroups": [{}]},
        },
        "is kept for ever",
    ),
    (
        account.there_is_concurrency,
        {"get_account_settings": limit(200), "list_event_source_mappings": mappings(190)},
        "ask for more in Service Quotas",
    ),
    (account.apis_may_write_logs, {"get_account": {}}, "no role for its logs"),
    (
        account.apis_may_write_logs,
        {
            "get_account": {"cloudwatchRoleArn": "arn:aws:iam::1:role/logs"},
            "get_role": refused("NoSuchEntity"),
        },
        "logs is gone",
    ),
    (
        account.mail_can_leave,
        {"resources": MAIL, "get_email_identity": {"VerifiedForSendingStatus": False}},
        "mail.example is not verified",
    ),
    (
        account.mail_can_leave,
        {
            "resources": MAIL,
            "get_email_identity": {"VerifiedForSendingStatus": True},
            "get_account": {"ProductionAccessEnabled": False},
        },
        "sandbox",
    ),
    (
        account.secrets_rotate,
        {"resources": SECRET, "describe_secret": rotating({}, enabled=False)},
        "signing has no rotation",
    ),
    (
        account.secrets_rotate,
        {
            "resources": SECRET,
            "describe_secret": rotating({"1": ["AWSCURRENT"], "2": ["AWSPENDING"]}),
        },
        "version 2 of signing is pending",
    ),
    (
        account.alarms_reach_somebody,
        {
            "list_subscriptions_by_topic": {
                "Subscriptions": [{"SubscriptionArn": "PendingConfirmation"}]
            }
        },
        "alarms reach nobody",
    ),
]


@pytest.mark.parametrize(("check", "answers", "found"), GOOD)
def test_what_is_right_is_said_in_a_few_words(
    check: Callable[[System], str], answers: dict[str, Any], found: str
) -> None:
    asked = system(**answers)
    asked.memory["archived"] = "events/day=2026-12-01/1"
    assert check(asked) == found


@pytest.mark.parametrize(("check", "answers", "found"), BAD)
def test_what_is_wrong_says_what_to_do(
    check: Callable[[System], str], answers: dict[str, Any], found: str
) -> None:
    with pytest.raises(Failed, match=found):
        check(system(**answers))


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("COMPLETED", "COMPLETED"), ("FAILED", "see the replication role's policy")],
)
def test_the_archives_object_says_whether_its_copy_is_there(status: str, outcome: str) -> None:
    asked = system(get_bucket_replication=REPLICATION, head_object={"ReplicationStatus": status})
    asked.memory["archived"] = "events/day=2026-12-01/1"
    if status == "COMPLETED":
        assert orders.the_archive_is_replicated(asked) == outcome
    else:
        with pytest.raises(Failed, match=outcome):
            orders.the_archive_is_replicated(asked)


def test_an_environment_without_a_replica_or_mail_is_not_asked_for_it() -> None:
    none = refused("ReplicationConfigurationNotFoundError")
    for check in (orders.the_archive_is_replicated, orders.the_replica_is_locked):
        with pytest.raises(NotAsked, match="no replica"):
            check(system(get_bucket_replication=none))
    with pytest.raises(NotAsked, match="sends no mail"):
        account.mail_can_leave(system())


class Payload:
    def __init__(self, text: str) -> None:
        self._text = text

    def read(self) -> str:
        return self._text


@pytest.mark.parametrize("is_refused", [True, False])
def test_a_forged_source_must_be_refused_and_the_function_goes_again(is_refused: bool) -> None:
    def says(request: Any) -> Any:
        forged = f"{PRODUCT}.payments".encode() in request["Payload"]
        refusal = forged and is_refused
        return {"Payload": Payload('{"refused": "AccessDenied"}' if refusal else '{"failed": 0}')}

    asked = system(
        resources=ROLES,
        get_role={"Role": {"Arn": "arn:role"}},
        create_function={},
        get_function_configuration={"State": "Active"},
        invoke=says,
        delete_function={},
    )
    if is_refused:
        assert permissions.nobody_speaks_for_another(asked).startswith("AccessDenied")
    else:
        with pytest.raises(Failed, match="events:source"):
            permissions.nobody_speaks_for_another(asked)
    assert asked.clean_up() == []
    assert asked.client("lambda").asked[-1] == "delete_function"


def test_a_check_that_raises_has_failed_and_the_next_one_is_made() -> None:
    def raises(_system: System) -> str:
        raise refused("AccessDenied")

    checks = [Check("one", "nothing", raises), Check("two", "nothing", lambda _: "fine")]
    first, second = run(system(), checks)
    assert (first.outcome, second.outcome) == (Outcome.FAILED, Outcome.PASSED)
    assert "AccessDenied" in first.found


def test_what_cannot_be_taken_away_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.smoke.system.time.sleep", lambda _: None)
    asked = system()
    tried: list[str] = []

    def refuses() -> None:
        tried.append("once more")
        raise refused("TooManyRequestsException")

    asked.undo_later(lambda: tried.append("the first"))
    asked.undo_later(refuses)
    (left,) = asked.clean_up()
    assert "TooManyRequestsException" in left
    assert tried == ["once more"] * 3 + ["the first"]


def test_names_are_told_apart_and_each_says_what_it_proves() -> None:
    assert len({it.name for it in CHECKS}) == len(CHECKS) >= 12
    assert all(it.proves for it in CHECKS)
