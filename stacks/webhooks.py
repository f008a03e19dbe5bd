"""Webhooks: tells partners' systems what becomes of their orders, at addresses of theirs."""

from typing import Any

from aws_cdk import Duration
from constructs import Construct

from stacks.constructs.alarms import alarm_when_counted
from stacks.constructs.microservice_function import FunctionsWith, MicroserviceFunction, grant
from stacks.constructs.partners_key import partners_key
from stacks.constructs.service_api import ServiceApi
from stacks.constructs.service_queue import ServiceQueue
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import Backup, ServiceTable, text
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="webhooks",
    owner="experience",
    purpose="what partners' systems are told",
    machine_scopes={"partners/webhooks": "Be told what becomes of orders of theirs"},
)
SCOPE = "partners/webhooks"
ENDPOINT = "/v1/partner-endpoints/{partner}"
TIMEOUT = Duration.seconds(30)
"""One notice at a time: ten seconds for the receiver, the rest for AWS."""
ATTEMPTS = 250
"""More than a day holds: a notice is given up by its age."""


class WebhooksStack(ServiceStack):
    """An API that says where partners are told; one queue, whose worker alone calls out."""

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        self.key = self.make_key()
        self.endpoints = ServiceTable(
            self,
            "Endpoints",
            key=self.key,
            partition_key=text("partner"),
            backup=Backup.HOURLY,
        )
        self.customers = ServiceTable(
            self,
            "Customers",
            key=self.key,
            partition_key=text("customer_id"),
            backup=Backup.HOURLY,
        )
        self.deliveries = ServiceTable(
            self,
            "Deliveries",
            key=self.key,
            partition_key=text("event_id"),
            time_to_live_attribute="expires_at",
        )
        self._serve_api()
        self._hear()

    def _serve_api(self) -> None:
        api = ServiceApi(self, rate=100, burst=200)
        api.let_partners_in(partners_key(self), rate=50, burst=100, per_day=500_000)
        of_endpoints = FunctionsWith(self, ENDPOINTS_TABLE=self.endpoints.table_name)
        keep = of_endpoints("KeepEndpoint", "keep_endpoint", "Keeps where a partner is told")
        grant(keep, "dynamodb:GetItem", "dynamodb:PutItem", on=self.endpoints.table_arn)
        remove = of_endpoints("RemoveEndpoint", "remove_endpoint", "Tells a partner no more")
        grant(remove, "dynamodb:DeleteItem", on=self.endpoints.table_arn)
        link = FunctionsWith(self, CUSTOMERS_TABLE=self.customers.table_name)(
            "LinkCustomer", "link_customer", "Notes whose customer somebody is"
        )
        grant(link, "dynamodb:PutItem", on=self.customers.table_arn)
        for function in (keep, remove, link):
            self.key.grant_encrypt_decrypt(function)
        api.route("PUT", ENDPOINT, keep, scope=SCOPE)
        api.route("DELETE", ENDPOINT, remove, scope=SCOPE)
        api.route("PUT", f"{ENDPOINT}/customers/{{reference}}", link, scope=SCOPE)

    def _hear(self) -> None:
        events = ServiceQueue(
            self, "Events", key=self.key, worker_timeout=TIMEOUT, attempts=ATTEMPTS
        )
        events.subscribe_to_bus(
            "Orders",
            detail_type=["OrderPlaced", "OrderConfirmed", "OrderRejected", "OrderCancelled"],
        )
        events.subscribe_to_bus("CustomerForgotten", detail_type=["CustomerForgotten"])
        read_events_arn = self.find("orders", "read-events-arn")
        hear = MicroserviceFunction(
            self,
            "HearEvents",
            handler="hear_events",
            description="Tells partners what became of their orders",
            timeout=TIMEOUT,
            environment={
                "ENDPOINTS_TABLE": self.endpoints.table_name,
                "CUSTOMERS_TABLE": self.customers.table_name,
                "DELIVERIES_TABLE": self.deliveries.table_name,
                # No worker lives longer, so a claim that lapses is nobody's any more.
                "CLAIM_SECONDS": str(TIMEOUT.to_seconds()),
                "READ_EVENTS_ARN": read_events_arn,
            },
        )
        grant(hear, "dynamodb:GetItem", "dynamodb:UpdateItem", on=self.endpoints.table_arn)
        grant(hear, "dynamodb:GetItem", "dynamodb:PutItem", on=self.customers.table_arn)
        grant(hear, "dynamodb:PutItem", "dynamodb:UpdateItem", on=self.deliveries.table_arn)
        grant(hear, "lambda:InvokeFunction", on=read_events_arn)
        # One at a time: a receiver that is slow keeps nobody's notice but its own waiting.
        events.consumed_by(hear, max_concurrency=10, batch_size=1)
        alarm_when_counted(
            self,
            "GivenUp",
            metric_name="Webhooks",
            dimensions={"how": "given-up"},
            what="a partner's receiver has not taken webhooks for a day",
        )
