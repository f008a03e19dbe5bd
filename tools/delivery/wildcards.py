"""Wildcards in the pipelines' policies that are accepted, each with its reason; others fail.

cdk-nag names a finding by the text of the resource, which has logical ids in it. So the policies
are read as they are, and each wildcard in them is either of a kind that is written down here, or
left for cdk-nag to refuse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from stacks.constructs.acknowledgment import acknowledge

ACTIONS = {
    r"(s3|kms):\w+\*": (
        "Kinds of one action on one bucket or key, named by its ARN: what CodePipeline and "
        "CodeBuild need to hand artifacts on."
    ),
    r"appconfig:(Get|List)\*": "Only looks: whether a rollout of configuration goes on.",
}
RESOURCES = {
    r"\*": (
        "Actions that look, or of which AWS knows no smaller resource; in staging also those of "
        "one order that `make smoke` places. tests/infra says what may change something."
    ),
    r'\{"Fn::GetStackOutput".*Artifacts.*\}/\*|<\w*Artifacts\w*\.Arn>/\*': (
        "The objects of the bucket of artifacts."
    ),
    r"arn:[\w-]+:(logs|codebuild):[\w:-]+:(log-group:/aws/codebuild|report-group)/<\w+>(:|-)\*": (
        "What CodeBuild writes of one project: streams of its log, and reports."
    ),
    r"arn:[\w-]+:appconfig:[\w:-]+:\*": (
        "Ids of AppConfig are made by AWS: the account's own, with actions that are written out."
    ),
    r"arn:[\w-]+:states:[\w:-]+:(execution|stateMachine):[\w-]+-canary-[\w-]*(\*|:\*|\*:\*)": (
        "The executions of canaries, whose last part AWS makes."
    ),
}


def accept(stack: Stack) -> None:
    """Accept the wildcards of these kinds in a stack that is complete."""
    for policy in stack.node.find_all():
        if isinstance(policy, iam.CfnPolicy):
            document = stack.resolve(policy.policy_document)
            for statement in document["Statement"]:
                for rule, reason in _findings(statement):
                    acknowledge(stack, reason, rule)


def _findings(statement: Any) -> Iterator[tuple[str, str]]:
    for kind, known in (("Action", ACTIONS), ("Resource", RESOURCES)):
        values = statement[kind]
        for value in values if isinstance(values, list) else [values]:
            text = _text(value)
            for form, reason in known.items():
                if "*" in text and re.fullmatch(form, text):
                    yield f"AwsSolutions-IAM5[{kind}::{text}]", reason


def _text(value: Any) -> str:
    """As cdk-nag writes it."""
    match value:
        case str():
            return value
        case {"Fn::Join": ["", parts]}:
            return "".join(map(_text, parts))
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
    return json.dumps(value, separators=(",", ":"))
