"""Who may do what."""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from contracts.product import PRODUCT
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
INTAKE = "event_log.handlers.intake.handler"
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
OWN_ROLES_ONLY = {
    "lambda.amazonaws.com",
    "appconfig.amazonaws.com",
    "apigateway.amazonaws.com",
    "codedeploy.amazonaws.com",
    "ec2.amazonaws.com",
}
"""They take a role of their resource's own account only, which somebody there has to pass to them,
and do not promise to say for whom they assume it."""
MAP_NEEDS = {
    "states:StartExecution": ":stateMachine:{}",
    "states:DescribeExecution": ":execution:{}:",
    "states:StopExecution": ":execution:{}:",
    "states:RedriveExecution": ":execution:{}/",
}
"""As the CDK grants them to a map that it makes itself."""
LOOKS = re.compile(r"[.]handlers[.]show(_[a-z_]+)?[.]handler$")
LOOKED_WITH = {
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
    "s3:GetObject",
    "s3:ListBucket",
    "appconfig:ListDeployments",
    "appconfig:GetDeployment",
    "appconfig:ListHostedConfigurationVersions",
    "appconfig:GetHostedConfigurationVersion",
    "cloudwatch:DescribeAlarms",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "kms:Decrypt",
    "logs:CreateLogStream",
    "logs:FilterLogEvents",
    "logs:PutLogEvents",
    "ssm:GetParameters",
    "states:DescribeExecution",
    "states:GetExecutionHistory",
    "states:ListExecutions",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
}
"""Whatever else a function may do that operators only look with, it may be more than to look."""
TURNS = re.compile(r"[{][a-z-]+:ReadTurns[0-9A-F]{8}[.]Arn}")
TAKES_A_TURN = {"dynamodb:PutItem"}
"""Who looks at what others need more may write one thing: in a table of that name, whose turn it
is."""
WRITES_UNDER_A_KEY = {"kms:Encrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"}
CHANGES = re.compile(r"[.]handlers[.](redrive|change)(_[a-z_]+)?[.]handler$")
REDRIVES = re.compile(r"[.]handlers[.]redrive_queues[.]handler$")
TAKES_LETTERS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:PurgeQueue")
CHANGES_BY_ITS_ARN = "fulfilment.handlers.resume.handler"
"""It has its own word, which others begin with: so the console knows it by its ARN."""
OPERATE = "console.handlers.operate.handler"
MESHS_CONTROLLER = "PodsLatticeController"
KNOW_NO_RESOURCES = {
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeTags",
    "ec2:DescribeVpcs",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "cloudwatch:PutMetricData",
    "cloudwatch:GetMetricData",
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
        functions = functions_of(statement.role)
        if not functions or not all(map(_may_write_the_log, functions)):
            yield f"{statement.role} may put records on the event log"


def _may_write_the_log(function: Resource) -> bool:
    """The intake, and a relay: what follows a table of its own service, and nothing else."""
    followed = [
        function.template.system.find(mapping.text(mapping.properties["EventSourceArn"]))
        for mapping in function.template.resources("AWS::Lambda::EventSourceMapping")
        if function.is_in(mapping.text(mapping.properties["FunctionName"]))
    ]
    if function.properties["Handler"] == INTAKE:
        return True
    return bool(followed) and all(
        it is not None and it.type in TABLES and it.template is function.template for it in followed
    )


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
    """A function that serves GET and HEAD alone is a query: its role denies every write."""
    statements = list(role_statements(system))
    for function in own_functions(system):
        if _methods(system, function) == {"GET", "HEAD"}:
            for statement in _statements_of(function, statements):
                for action in filter(statement.allows, WRITES):
                    yield f"{function} serves queries and may {action}"


def who_only_looks_changes_nothing(system: System) -> Iterator[str]:
    """The console may call what is named `Show`: only what operators look with has that name."""
    statements = list(role_statements(system))
    for function in system.resources("AWS::Lambda::Function"):
        looks = bool(LOOKS.search(str(function.properties.get("Handler", ""))))
        if looks != ("Show" in function.id):
            yield f"{function} is named as what it is not: {function.properties.get('Handler')}"
        if looks:
            own = [it for it in _statements_of(function, statements) if it.effect == "Allow"]
            turns = [it for it in own if _takes_a_turn(it)]
            allowed = LOOKED_WITH | (WRITES_UNDER_A_KEY if turns else set())
            for statement in own:
                if statement not in turns and (more := set(statement.actions) - allowed):
                    yield f"{function} is to look only and may {', '.join(sorted(more))}"


def _takes_a_turn(statement: Statement) -> bool:
    return set(statement.actions) == TAKES_A_TURN and all(
        TURNS.fullmatch(it) for it in statement.resources
    )


def dead_letters_are_read_by_their_owner_alone(system: System) -> Iterator[str]:
    """They hold whole messages: nobody but the owner's function that redrives them takes one."""
    dead = [
        it for it in system.resources("AWS::SQS::Queue") if "RedrivePolicy" not in it.properties
    ]
    for statement in role_statements(system):
        taken = [it for it in TAKES_LETTERS if statement.allows(it)]
        for function in functions_of(statement.role) if taken else ():
            for queue in dead:
                if not any(it == "*" or queue.is_in(it) for it in statement.resources):
                    continue
                owned = function.template.service == queue.template.service
                if not owned or not REDRIVES.search(str(function.properties["Handler"])):
                    yield f"{function} may take letters of {queue}: {', '.join(taken)}"


def what_operators_change_with_is_named_so(system: System) -> Iterator[str]:
    """The console may call what is named `Redrive` or `Change`: nothing else has such a name."""
    for function in system.resources("AWS::Lambda::Function"):
        handler = str(function.properties.get("Handler", ""))
        if bool(CHANGES.search(handler)) != bool(re.search("Redrive|Change", function.id)):
            yield f"{function} is named as what it is not: {handler}"


def only_operate_calls_what_operators_change_with(system: System) -> Iterator[str]:
    """It alone asks who the operator is, and for a plan. Developers call them by their own keys."""
    guarded = [
        it
        for it in own_functions(system)
        if CHANGES.search(it.properties["Handler"])
        or it.properties["Handler"] == CHANGES_BY_ITS_ARN
    ]
    for statement in role_statements(system):
        if not any(map(statement.allows, ("lambda:InvokeFunction", "lambda:InvokeAsync"))):
            continue
        if {it.properties["Handler"] for it in functions_of(statement.role)} == {OPERATE}:
            continue
        for function in guarded:
            if any(_covers(resource, function) for resource in statement.resources):
                yield f"{statement.role} may call {function}"


def _covers(resource: str, function: Resource) -> bool:
    """Whether an ARN or a pattern is a function's, whose name begins with stack and id."""
    if function.is_in(resource):
        return True
    name = f"{PRODUCT}-{function.template.environment}-{function.template.service}-{function.id}"
    _, found, pattern = resource.rpartition(":function:")
    return resource == "*" or (bool(found) and fnmatchcase(f"{name}-X", pattern))


def a_star_needs_a_reason(system: System) -> Iterator[str]:
    """Only actions that know no resources may be allowed on all of them."""
    for statement in role_statements(system):
        unlimited = set(statement.actions) - KNOW_NO_RESOURCES
        if statement.effect == "Allow" and "*" in statement.resources and unlimited:
            yield f"{statement.role} may {', '.join(sorted(unlimited))} on every resource"


def only_the_meshs_controller_may_all_of_a_service(system: System) -> Iterator[str]:
    """It makes services of routes under names of its own; everybody else is told what it may do."""
    for statement in role_statements(system):
        for action in statement.actions if statement.effect == "Allow" else ():
            service, _, what = action.partition(":")
            if what not in ("*", ""):
                continue
            if service != "vpc-lattice" or not statement.role.id.startswith(MESHS_CONTROLLER):
                yield f"{statement.role} may {action}"


def every_role_of_a_function_has_the_reserved_prefix(system: System) -> Iterator[str]:
    """Key policies of earlier stacks admit roles of later ones by that prefix."""
    for function in own_functions(system):
        role = system.find(function.text(function.properties["Role"]), "AWS::IAM::Role")
        name = role.text(role.properties.get("RoleName", "")) if role else ""
        prefix = f"{PRODUCT}-{system.environment}-{system.region}-{function.template.service}-"
        if not name.startswith(prefix) or len(name) > 64:
            yield f"{function} runs as {name!r}, which is not {prefix}... of at most 64 characters"


def _statements_of(function: Resource, statements: Iterable[Statement]) -> Iterator[Statement]:
    for statement in statements:
        if function.place in {it.place for it in functions_of(statement.role)}:
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


def services_take_roles_for_this_account_only(system: System) -> Iterator[str]:
    """Or somebody else has a service of AWS do with our role what they may not do themselves."""
    for role in system.resources("AWS::IAM::Role"):
        for statement in role.properties["AssumeRolePolicyDocument"]["Statement"]:
            service = str(statement["Principal"].get("Service", ""))
            if not service or statement["Action"] == "sts:TagSession":
                continue  # the account's own people; and what only who has the role can do
            if service in OWN_ROLES_ONLY or "aws:SourceAccount" in str(statement.get("Condition")):
                continue
            yield f"{role} may be taken by {service} for any account"


def services_call_functions_for_this_account_only(system: System) -> Iterator[str]:
    """The same of functions: a permission names the source, or its account."""
    for permission in system.resources("AWS::Lambda::Permission"):
        if not {"SourceAccount", "SourceArn"} & permission.properties.keys():
            yield f"{permission} lets {permission.properties['Principal']} call for any account"


def a_distributed_map_may_run_its_parts(system: System) -> Iterator[str]:
    """It starts executions of its own machine, watches and stops them, and redrives them."""
    statements = list(role_statements(system))
    for machine in system.resources("AWS::StepFunctions::StateMachine"):
        if '"DISTRIBUTED"' not in machine.text(machine.properties["DefinitionString"]):
            continue
        name = machine.text(machine.properties.get("StateMachineName", ""))
        role = system.find(machine.text(machine.properties["RoleArn"]), "AWS::IAM::Role")
        for action, wanted in MAP_NEEDS.items():
            if not any(
                role
                and statement.role.place == role.place
                and statement.allows(action)
                and any(wanted.format(name) in it for it in statement.resources)
                for statement in statements
            ):
                yield f"{machine} has a distributed map and may not {action}"


RULES: tuple[Rule, ...] = (
    only_relay_and_intake_put_records_on_the_log,
    a_table_belongs_to_one_service,
    every_function_has_a_role_of_its_own,
    what_only_reads_cannot_write,
    who_only_looks_changes_nothing,
    dead_letters_are_read_by_their_owner_alone,
    what_operators_change_with_is_named_so,
    only_operate_calls_what_operators_change_with,
    a_star_needs_a_reason,
    only_the_meshs_controller_may_all_of_a_service,
    every_role_of_a_function_has_the_reserved_prefix,
    services_take_roles_for_this_account_only,
    services_call_functions_for_this_account_only,
    a_distributed_map_may_run_its_parts,
)
