"""Findings of cdk-nag that are accepted, each with its reason; any other fails the synthesis."""

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

EVERYWHERE: Mapping[str, str] = {
    "AwsSolutions-L1": (
        "Functions run on Python 3.13 until their packages are compiled for a later one: the byte "
        "code in a package fits exactly one version of Python, and cold starts depend on it."
    ),
    "Serverless-LambdaLatestVersion": (
        "Functions run on Python 3.13 until their packages are compiled for a later one: the byte "
        "code in a package fits exactly one version of Python, and cold starts depend on it."
    ),
    "Serverless-LambdaDLQ": (
        "A function's own dead-letter queue serves asynchronous calls only. Functions here are "
        "called by an API, a queue, a stream or another function, which wait for the answer; "
        "tests/infra shows that whatever calls asynchronously has a destination for failures."
    ),
    "Serverless-LambdaEventSourceMappingDestination": (
        "Streams retry without limit, since skipping a record would lose an event: a consumer "
        "parks by itself, with a reason, what can never succeed. Queues have dead-letter queues."
    ),
    "Serverless-EventBusDLQ": (
        "Rules that match events have dead-letter queues. Schedules have none, since the next run "
        "does what a lost one would have done, and an alarm tells of runs that fail; tests/infra "
        "shows both."
    ),
    "Serverless-SQSRedrivePolicy": (
        "Only dead-letter queues have no redrive policy, since nothing comes after them; "
        "tests/infra shows that every queue that a function works through has one."
    ),
    "AwsSolutions-IAM5[Action::kms:ReEncrypt*]": (
        "Two actions of one key, named by its ARN: DynamoDB, SQS and Kinesis ask this of those "
        "who use what a customer's key encrypts."
    ),
    "AwsSolutions-IAM5[Action::kms:GenerateDataKey*]": (
        "Two actions of one key, named by its ARN: DynamoDB, SQS and Kinesis ask this of those "
        "who use what a customer's key encrypts."
    ),
}
"""What holds for the whole system, by rule. Everything else is accepted beside its construct."""


def acknowledge(construct: IConstruct, reason: str, *rules: str) -> None:
    """Accept findings below a construct, such as ``AwsSolutions-IAM5[Resource::*]``.

    Args:
        reason: why that is right here, for a reader who does not know this system.
        rules: ids as ``cdk synth`` prints them; those of cdk-nag without the name of their pack.
    """
    Validations.of(construct).acknowledge(
        *(Acknowledgment(id=_named(rule), reason=reason) for rule in rules)
    )


def acknowledge_everywhere(construct: IConstruct) -> None:
    """Accept what holds for the whole system."""
    for rule, reason in EVERYWHERE.items():
        acknowledge(construct, reason, rule)


def _named(rule: str) -> str:
    """With the name of its pack, which the rules of cdk-nag begin with."""
    return rule if "::" in rule.partition("[")[0] else f"{rule.partition('-')[0]}::{rule}"
