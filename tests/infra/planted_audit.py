"""Faults for the rules about audit."""

from tests.infra.planted_faults import Plant, allow, body, set_property
from tests.infra.rules import Rule, audit
from tests.infra.rules.audit import BUCKET, RULE, TRAIL
from tests.infra.system import System


def change_pattern(rule: str, name: str, value: object) -> Plant:
    """Give one rule's pattern another value; None takes it away."""

    def plant(system: System) -> None:
        detail = body(system, "audit", RULE, rule)["Properties"]["EventPattern"]["detail"]
        detail[name] = value
        if value is None:
            del detail[name]

    return plant


def record_the_records(system: System) -> None:
    """Every record would be a write that is recorded."""
    properties = body(system, "audit", TRAIL)["Properties"]
    bucket = {"Fn::GetAtt": ["Records091F6ECA", "Arn"]}
    properties["AdvancedEventSelectors"][1]["FieldSelectors"][3] = {
        "Field": "resources.ARN",
        "StartsWith": [bucket],
    }


def record_reads(system: System) -> None:
    """What consumers do all day."""
    properties = body(system, "audit", TRAIL)["Properties"]
    del properties["AdvancedEventSelectors"][1]["FieldSelectors"][0]


def change_the_archives_policy(system: System) -> None:
    """With one more statement, which a reaction would take away again."""
    policy = body(system, "event-log", "AWS::S3::BucketPolicy", "ArchivePolicy")["Properties"]
    policy["PolicyDocument"]["Statement"].append({"Effect": "Deny"})


def wait_for_nobody(system: System) -> None:
    """As if it read nothing of orders."""
    object.__setattr__(system.templates["audit"], "depends_on", frozenset())


PLANTED: tuple[tuple[Rule, str, Plant], ...] = (
    (
        audit.writes_are_recorded_in_a_locked_bucket,
        "log files are not validated",
        set_property("audit", TRAIL, "EnableLogFileValidation", False),
    ),
    (
        audit.writes_are_recorded_in_a_locked_bucket,
        "nothing is locked",
        set_property("audit", BUCKET, "ObjectLockConfiguration", None, "Records"),
    ),
    (audit.writes_are_recorded_in_a_locked_bucket, "its own bucket", record_the_records),
    (audit.writes_are_recorded_in_a_locked_bucket, "reads", record_reads),
    (
        audit.forbidden_changes_are_reported,
        "deployments are undone",
        change_pattern("PolicyChanged", "sourceIPAddress", None),
    ),
    (
        audit.forbidden_changes_are_reported,
        "it reports itself",
        change_pattern("PolicyChanged", "$or", []),
    ),
    (
        audit.forbidden_changes_are_reported,
        "a call less",
        change_pattern("TrailChanged", "eventName", ["DeleteTrail"]),
    ),
    (
        audit.forbidden_changes_are_reported,
        "a caller names itself",
        change_pattern("KeyEnds", "userAgent", [{"anything-but": ["teardown"]}]),
    ),
    (
        audit.the_event_store_is_written_by_its_functions_alone,
        "one writer more",
        allow(
            "orders",
            "OrderHistory",
            "dynamodb:PutItem",
            {"Fn::GetAtt": ["EventStore165FCE28", "Arn"]},
        ),
    ),
    (
        audit.policies_are_put_back_as_they_are_deployed,
        "another policy is deployed",
        change_the_archives_policy,
    ),
    (audit.what_is_guarded_is_deleted_later, "it waits for nobody", wait_for_nobody),
)
