"""The function by which operators send dead letters of a service's queues to them once more."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs

from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_stack import ServiceStack

ID = "RedriveQueues"
TIMEOUT = Duration.seconds(20)
"""It looks for five seconds, and sends for eight."""
PUBLISHED = "redrive-queues-arn"


def let_operators_redrive(
    stack: ServiceStack, name: str, *, queue: sqs.IQueue, dead_letters: sqs.IQueue, key: kms.IKey
) -> None:
    """Let the service's own function move letters back to a queue: it makes one for all of them.

    A letter stays with its owner: no other service's role reads it.
    """
    function = stack.node.try_find_child(ID)
    if function is None:
        function = MicroserviceFunction(
            stack,
            ID,
            handler="redrive_queues",
            description="For operators: sends dead letters to their queues once more",
            timeout=TIMEOUT,
        )
        stack.publish(PUBLISHED, function.function_arn)
    assert isinstance(function, MicroserviceFunction)
    stack.redriven[name] = {"dead_letters": dead_letters.queue_url, "queue": queue.queue_url}
    function.add_environment("QUEUES", stack.to_json_string(stack.redriven))
    grant(
        function,
        "sqs:ReceiveMessage",
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        on=dead_letters.queue_arn,
    )
    grant(function, "sqs:SendMessage", on=queue.queue_arn)
    key.grant_encrypt_decrypt(function)
