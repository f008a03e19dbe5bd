"""The carriers' side of shipping: for each entry of the list a queue, a filter and a function.

The functions stand for the carriers' own systems. Where a carrier has a real one, its function's
code becomes an adapter to that, and all around it stays.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns

from contracts.product import PRODUCT_TITLE
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_queue import ServiceQueue, let_service_use
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import Backup, ServiceTable, text

TIMEOUT = Duration.seconds(10)


class Carriers:
    """``quote_requests`` is the topic that reaches all; ``functions`` play them, by name."""

    def __init__(
        self,
        stack: ServiceStack,
        entries: Sequence[Mapping[str, Any]],
        *,
        key: kms.IKey,
        answers: ServiceQueue,
    ) -> None:
        self._stack = stack
        self._key = key
        self._answers = answers
        self.quote_requests = sns.Topic(
            stack,
            "QuoteRequests",
            display_name=f"{PRODUCT_TITLE} quote requests",
            master_key=key,
            enforce_ssl=True,
        )
        let_service_use(key, "sns.amazonaws.com", stack.account)
        # The carriers' own memory: no function of shipping itself may touch it.
        self._memory = ServiceTable(
            stack,
            "CarrierDesk",
            key=key,
            partition_key=text("carrier"),
            sort_key=text("record"),
            backup=Backup.NEVER,
        )
        self.functions = {entry["name"]: self._carrier(entry) for entry in entries}

    def _carrier(self, entry: Mapping[str, Any]) -> MicroserviceFunction:
        name = entry["name"]
        id = pascal_case(name)
        requests = ServiceQueue(self._stack, f"{id}Requests", key=self._key, worker_timeout=TIMEOUT)
        self._subscribe(f"{id}Subscription", requests, entry)
        function = MicroserviceFunction(
            self._stack,
            id,
            handler="simulated_carrier",
            description=f"Stands for the system of {name}",
            environment={
                "CARRIER": name,
                "CARRIER_DESK_TABLE": self._memory.table_name,
                "ANSWERS_URL": self._answers.queue.queue_url,
            },
        )
        function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
                resources=[self._memory.table_arn],
                # One table for all of them, yet each sees its own records only.
                conditions={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [name]}},
            )
        )
        grant(function, "sqs:SendMessage", on=self._answers.queue.queue_arn)
        requests.consumed_by(function, max_concurrency=10)
        return function

    def _subscribe(self, id: str, requests: ServiceQueue, entry: Mapping[str, Any]) -> None:
        """As ``SqsSubscription`` does, but for the key: its policy would name the topic, whose
        definition names the key, and neither could be made first.
        """
        sns.Subscription(
            self._stack,
            id,
            topic=self.quote_requests,
            protocol=sns.SubscriptionProtocol.SQS,
            endpoint=requests.queue.queue_arn,
            raw_message_delivery=True,
            filter_policy=_filter(entry),
            dead_letter_queue=requests.dead_letters,
        )
        requests.queue.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sqs:SendMessage"],
                principals=[iam.ServicePrincipal("sns.amazonaws.com")],
                resources=[requests.queue.queue_arn],
                conditions={"ArnEquals": {"aws:SourceArn": self.quote_requests.topic_arn}},
            )
        )


def _filter(entry: Mapping[str, Any]) -> dict[str, sns.SubscriptionFilter]:
    """What the carrier takes, from the same entry that says which carriers are expected."""
    return {
        "weight_grams": sns.SubscriptionFilter.numeric_filter(
            between=sns.BetweenCondition(start=entry["grams"]["from"], stop=entry["grams"]["to"])
        ),
        "country": sns.SubscriptionFilter.string_filter(allowlist=sorted(entry["days"])),
        "currency": sns.SubscriptionFilter.string_filter(allowlist=sorted(entry["tariff"])),
        # Which carriers take part at all is configuration, and so decided for each request.
        "asked": sns.SubscriptionFilter.string_filter(allowlist=[entry["name"]]),
    }


def pascal_case(name: str) -> str:
    """A carrier's name as construct ids are written."""
    return "".join(part.capitalize() for part in name.split("-"))
