"""Customers: profiles behind an API, forgotten on request; an event tells the others."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from constructs import Construct

from stacks.constructs.alarms import alarm_when_behind, alarm_when_counted
from stacks.constructs.bus import grant_publishing
from stacks.constructs.microservice_function import FunctionsWith, MicroserviceFunction, grant
from stacks.constructs.service_api import ServiceApi
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import ServiceTable, text
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="customers",
    owner="experience",
    purpose="customers, the only place with personal data",
)
PROFILE_RECOVERY_DAYS = 7
"""How far back profiles can be restored, and so how long a forgotten one is still in backups."""


class CustomersStack(ServiceStack):
    """Personal data is in one table, which has no stream; tombstones in another, which has one."""

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        self.key = self.make_key()
        self.profiles = ServiceTable(
            self,
            "Profiles",
            key=self.key,
            partition_key=text("customer_id"),
            recovery_days=PROFILE_RECOVERY_DAYS,
        )
        self.tombstones = ServiceTable(
            self,
            "Tombstones",
            key=self.key,
            partition_key=text("customer_id"),
            stream=dynamodb.StreamViewType.NEW_IMAGE,  # ids and a time: nothing about a person
        )
        self._function = FunctionsWith(
            self,
            PROFILE_TABLE=self.profiles.table_name,
            TOMBSTONE_TABLE=self.tombstones.table_name,
        )
        self._serve_api()
        self._let_others_read_contacts()
        self._announce_the_forgotten()

    def _serve_api(self) -> None:
        api = ServiceApi(self, rate=100, burst=200)
        register = self._function("RegisterCustomer", "register_customer", "Registers, or renames")
        api.route("PUT", "/v1/customers/me", register)
        add = self._function("AddAddress", "add_address", "Adds an address to a profile")
        api.route("POST", "/v1/customers/me/addresses", add)
        replace = self._function("ReplaceAddress", "replace_address", "Corrects an address")
        api.route("PUT", "/v1/customers/me/addresses/{address_id}", replace)
        for function in (register, add, replace):
            grant(function, "dynamodb:GetItem", "dynamodb:PutItem", on=self.profiles.table_arn)
            grant(
                function,
                "dynamodb:GetItem",
                "dynamodb:ConditionCheckItem",
                on=self.tombstones.table_arn,
            )
            self.key.grant_encrypt_decrypt(function)

        read = self._function("ReadCustomer", "read_customer", "Reads a profile")
        api.route("GET", "/v1/customers/me", read)
        grant(read, "dynamodb:GetItem", on=[self.profiles.table_arn, self.tombstones.table_arn])
        self.key.grant_decrypt(read)

        forget = self._function("ForgetCustomer", "forget_customer", "Forgets a customer")
        api.route("DELETE", "/v1/customers/me", forget)
        grant(forget, "dynamodb:DeleteItem", on=self.profiles.table_arn)
        grant(forget, "dynamodb:PutItem", on=self.tombstones.table_arn)
        self.key.grant_encrypt_decrypt(forget)

    def _let_others_read_contacts(self) -> None:
        read = self._function("ReadContact", "read_contact", "Reads a contact for other services")
        grant(read, "dynamodb:GetItem", on=[self.profiles.table_arn, self.tombstones.table_arn])
        self.key.grant_decrypt(read)
        self.publish("read-contact-arn", read.function_arn)

    def _announce_the_forgotten(self) -> None:
        announce = MicroserviceFunction(
            self,
            "AnnounceForgotten",
            handler="announce_forgotten",
            description="Tells every service which customer is forgotten",
            timeout=Duration.seconds(60),
        )
        grant_publishing(announce, self)
        announce.add_event_source(
            sources.DynamoEventSource(
                self.tombstones,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=100,
                retry_attempts=-1,
                bisect_batch_on_error=True,
                filters=[
                    lambda_.FilterCriteria.filter(
                        {"eventName": lambda_.FilterRule.is_equal("INSERT")}
                    )
                ],
            )
        )
        alarm_when_behind(
            self,
            "AnnouncerBehind",
            announce,
            written=self.tombstones.metric_consumed_write_capacity_units(),
        )
        alarm_when_counted(
            self,
            "EventsNotPublished",
            metric_name="EventsNotPublished",
            what="events cannot be published",
        )
