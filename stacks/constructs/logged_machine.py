"""A state machine that may say what it does, and nothing of what it works on."""

import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as stepfunctions

from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.service_principal import service_of_this_account
from stacks.constructs.service_stack import ServiceStack


def logged_machine(
    stack: ServiceStack,
    id: str,
    *,
    name: str,
    comment: str,
    definition: Mapping[str, Any],
    substitutions: Mapping[str, str],
) -> tuple[stepfunctions.StateMachine, iam.Role]:
    """The machine and its role, which has yet to be told what the machine's steps may do.

    ``${Partition}`` in the definition is filled in here, the names of ``substitutions`` when the
    stack is deployed.
    """
    role = iam.Role(
        stack,
        f"{id}Role",
        role_name=stack.stage.role_name(stack.service, id),
        assumed_by=service_of_this_account(stack, "states.amazonaws.com"),
    )
    machine = stepfunctions.StateMachine(
        stack,
        id,
        state_machine_name=name,
        comment=comment,
        role=role,
        definition_body=stepfunctions.DefinitionBody.from_string(
            json.dumps(definition, indent=1).replace("${Partition}", stack.partition)
        ),
        definition_substitutions=dict(substitutions),
        tracing_enabled=True,
        logs=stepfunctions.LogOptions(
            destination=logs.LogGroup(
                stack,
                f"{id}Logs",
                retention=stack.stage.log_retention,
                removal_policy=RemovalPolicy.DESTROY,
            ),
            level=stepfunctions.LogLevel.ALL,
            include_execution_data=False,
        ),
    )
    acknowledge(
        role,
        "The delivery of a state machine's logs and traces is granted on *: AWS documents no "
        "narrower resource for either.",
        "AwsSolutions-IAM5[Resource::*]",
    )
    return machine, role
