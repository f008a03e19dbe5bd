"""What a stack publishes of itself when it is deployed: the card from which operators know it.

The console reads all cards while it runs. So a service that comes, goes or says something new
changes no template but its own.
"""

from __future__ import annotations

import json
from typing import Any

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_ssm as ssm

from contracts.messages import commands_of, published, published_by
from contracts.operators import shown_fields
from stacks.constructs.queue_redrive import PUBLISHED
from stacks.constructs.service_stack import ServiceStack
from stacks.services import Service
from stacks.stage import Stage

CARDS = "cards"
"""All cards are parameters of this path, below the environment."""
LONGEST = 3000
"""Characters: a standard parameter holds 4,096, and ARNs are longer when they are deployed."""


def path_of_cards(stage: Stage) -> str:
    """Where the cards of an environment are."""
    return stage.parameter(CARDS, "").rstrip("/")


def publish_card(stack: ServiceStack, service: Service) -> None:
    """Publish what there is by now in a stack: it is to be complete.

    A stack of every environment, or of another region, is no service of this environment.

    Raises:
        ValueError: the card is too long for a parameter.
    """
    if service.of_every_environment or type(stack).region_in(stack.stage) != stack.stage.region:
        return
    text = stack.to_json_string(card_of(stack, service))
    if len(json.dumps(stack.resolve(text))) > LONGEST:
        raise ValueError(
            f"the card of {service.name} is too long for a parameter: mark fewer fields of its "
            f"messages with x-operators"
        )
    ssm.StringParameter(
        stack,
        "Card",
        parameter_name=stack.stage.parameter(CARDS, service.name),
        string_value=text,
    )


def card_of(stack: ServiceStack, service: Service) -> dict[str, Any]:
    """What a stack makes, and what the contracts say of it."""
    messages = published()
    speaks = ("event-log", "bus-name") in stack.found  # what `let_speak` looks for
    says = sorted(it.type for it in published_by(service.name, messages)) if speaks else []
    commands = (
        commands_of(service.name, messages) if "commands-queue-arn" in stack.published else []
    )
    known = {it.type for it in messages}
    takes = {it.type for it in commands} | (_heard(stack) & known)
    fields = shown_fields()
    return {
        "name": service.name,
        "owner": service.owner,
        "purpose": service.purpose,
        "source": f"stacks/{service.package}.py",
        "runbook": "docs/operations.md",
        "api": any(isinstance(it, apigateway.CfnRestApi) for it in stack.node.find_all()),
        "says": says,
        "takes": sorted(takes),
        "reads_log": _reads_log(stack),
        "views": list(service.views),
        "consumers": list(service.consumers),
        "show": {
            name: stack.published[service.parameter_of(name, "show-arn")]
            for name in (*service.views, *service.consumers)
        },
        "change": _change(stack, service),
        "configuration": stack.published.get("show-configuration-arn"),
        "fields": {type: fields[type] for type in says if fields[type]},
        **({"calls": stack.calls} if stack.calls else {}),
    }


def _change(stack: ServiceStack, service: Service) -> dict[str, dict[str, str]]:
    """Functions by which operators change something: by what they do, then by what they change."""
    names = (*service.views, *service.consumers)
    redrive = {it: stack.published[service.parameter_of(it, "redrive-arn")] for it in names}
    view = {it: stack.published[service.parameter_of(it, "change-arn")] for it in service.views}
    stop = stack.published.get("change-configuration-arn")
    configuration = {service.name: stop} if stop else {}
    queues = dict.fromkeys(stack.redriven, stack.published.get(PUBLISHED, ""))
    listed = (
        ("redrive", redrive),
        ("view", view),
        ("configuration", configuration),
        ("queue", queues),
    )
    return {name: of for name, of in listed if of}


def _heard(stack: ServiceStack) -> set[str]:
    """Types that the stack's rules let through."""
    patterns = [
        stack.resolve(it.event_pattern) or {}
        for it in stack.node.find_all()
        if isinstance(it, events.CfnRule)
    ]
    return {type for pattern in patterns for type in pattern.get("detail-type", [])}


def _reads_log(stack: ServiceStack) -> bool:
    """Whether a function follows a stream that is no table's."""
    return any(
        it.starting_position is not None
        and "StreamArn" not in json.dumps(stack.resolve(it.event_source_arn))
        for it in stack.node.find_all()
        if isinstance(it, lambda_.CfnEventSourceMapping)
    )
