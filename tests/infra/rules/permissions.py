"""Who may do what."""

from collections.abc import Iterator

from tests.infra.rules import Rule
from tests.infra.system import (
    Resource,
    Statement,
    System,
    functions_of,
    own_functions,
    role_statements,
)

TABLES = ("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table")
WRITERS_OF_THE_LOG = {"orders.handlers.relay.handler", "event_log.handlers.intake.handler"}
WRITES = (
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PartiQLDelete",
    "kinesis:PutRecord",
    "kinesis:PutRecords",
    "events:PutEvents",
    "sqs:SendMessage",
    "sns:Publish",
    "s3:PutObject",
    "s3:DeleteObject",
    "states:StartExecution",
    "kms:Encrypt",
    "kms:GenerateDataKey",
)
KNOW_NO_RESOURCES = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "cloudwatch:PutMetricData",
    "ecr:GetAuthorizationToken",
    # A state machine's own log delivery is set up with calls that name no log group.
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
}
"""Actions that IAM cannot limit to a resource: only these may be allowed on ``*``."""


def only_relay_and_intake_put_records_on_the_log(system: System) -> Iterator[str]:
    """Hence no loop: whatever a consumer does, it cannot write what it reads."""
    (log,) = system.resources("AWS::Kinesis::Stream")
    for statement in role_statements(system):
        if not any(map(statement.allows, ("kinesis:PutRecord", "kinesis:PutRecords"))):
            continue
        if not any(log.is_in(resource) or resource == "*" for resource in statement.resources):
            continue
        handlers = {it.properties["Handler"] for it in functions_of(statement.role)}
        if not handlers or not handlers <= WRITERS_OF_THE_LOG:
            yield f"{statement.role} may put records on the event log"


def a_table_belongs_to_one_service(system: System) -> Iterator[str]:
    """Nobody else's policy names it, and nobody may use tables that it does not name."""
    tables = list(system.resources(*TABLES))
    for statement in role_statements(system):
        for resource in statement.resources:
            for table in tables:
                if table.is_in(resource) and table.template is not statement.role.template:
                    yield f"{statement.role} names the table {table}"
            if resource == "*" and any(it.startswith("dynamodb:") for it in statement.actions):
                yield f"{statement.role} may use every table"


def every_function_has_a_role_of_its_own(system: System) -> Iterator[str]:
    """Shared roles grow until everybody may do everything."""
    for role in system.resources("AWS::IAM::Role"):
        users = functions_of(role)
        if len(users) > 1:
            yield f"{role} is shared by {', '.join(it.id for it in users)}"


def what_only_reads_cannot_write(system: System) -> Iterator[str]:
    """A function that serves GET alone is a query: its role denies every write."""
    for function in own_functions(system):
        if _methods(system, function) == {"GET"}:
            for statement in _statements_of(system, function):
                for action in filter(statement.allows, WRITES):
                    yield f"{function} serves queries and may {action}"


def a_star_needs_a_reason(system: System) -> Iterator[str]:
    """Only actions that know no resources may be allowed on all of them."""
    for statement in role_statements(system):
        unlimited = set(statement.actions) - KNOW_NO_RESOURCES
        if statement.effect == "Allow" and "*" in statement.resources and unlimited:
            yield f"{statement.role} may {', '.join(sorted(unlimited))} on every resource"


def every_role_of_a_function_has_the_reserved_prefix(system: System) -> Iterator[str]:
    """Key policies of earlier stacks admit roles of later ones by that prefix."""
    for function in own_functions(system):
        role = system.find(function.text(function.properties["Role"]), "AWS::IAM::Role")
        name = role.text(role.properties.get("RoleName", "")) if role else ""
        prefix = f"parcelworks-{system.environment}-{system.region}-{function.template.service}-"
        if not name.startswith(prefix) or len(name) > 64:
            yield f"{function} runs as {name!r}, which is not {prefix}... of at most 64 characters"


def _statements_of(system: System, function: Resource) -> Iterator[Statement]:
    for statement in role_statements(system):
        if function.id in {it.id for it in functions_of(statement.role)}:
            yield statement


def _methods(system: System, function: Resource) -> set[str]:
    """The HTTP methods by which APIs call a function; empty if anything else calls it too."""
    if any(
        function.is_in(mapping.text(mapping.properties["FunctionName"]))
        for mapping in system.resources("AWS::Lambda::EventSourceMapping")
    ):
        return set()
    return {
        method.properties["HttpMethod"]
        for method in function.template.resources("AWS::ApiGateway::Method")
        if function.is_in(method.text(method.properties.get("Integration", {}).get("Uri", "")))
    }


RULES: tuple[Rule, ...] = (
    only_relay_and_intake_put_records_on_the_log,
    a_table_belongs_to_one_service,
    every_function_has_a_role_of_its_own,
    what_only_reads_cannot_write,
    a_star_needs_a_reason,
    every_role_of_a_function_has_the_reserved_prefix,
)
