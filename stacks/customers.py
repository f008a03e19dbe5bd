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
from stacks.constructs.partners_key import make_partners_key
from stacks.constructs.service_api import ServiceApi
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import Backup, ServiceTable, text
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="customers",
    owner="experience",
    purpose="customers, the only place with personal data",
    scopes={
        "customers/read": "Look at your name and addresses",
        "customers/write": "Change your name and addresses, and forget you",
    },
    machine_scopes={"partners/customers": "Keep profiles of customers of theirs"},
)
READ, WRITE = "customers/read", "customers/write"
PARTNERS = "partners/customers"
OWN, THEIRS = "/v1/customers/me", "/v1/partner-customers/{reference}"
"""A profile's path: of whoever calls, and of a customer whom a partner registers."""
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
            backup=Backup.HOURLY,
        )
        self.tombstones = ServiceTable(
            self,
            "Tombstones",
            key=self.key,
            partition_key=text("customer_id"),
            stream=dynamodb.StreamViewType.NEW_IMAGE,  # ids and a time: nothing about a person
            backup=Backup.HOURLY,
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
        api.let_partners_in(make_partners_key(self), rate=50, burst=100, per_day=500_000)
        register = self._function("RegisterCustomer", "register_customer", "Registers, or renames")
        add = self._function("AddAddress", "add_address", "Adds an address to a profile")
        replace = self._function("ReplaceAddress", "replace_address", "Corrects an address")
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
        grant(read, "dynamodb:GetItem", on=[self.profiles.table_arn, self.tombstones.table_arn])
        self.key.grant_decrypt(read)

        forget = self._function("ForgetCustomer", "forget_customer", "Forgets a customer")
        grant(forget, "dynamodb:DeleteItem", on=self.profiles.table_arn)
        grant(forget, "dynamodb:PutItem", on=self.tombstones.table_arn)
        self.key.grant_encrypt_decrypt(forget)

        for path, reads, writes in ((OWN, READ, WRITE), (THEIRS, PARTNERS, PARTNERS)):
            api.route("PUT", path, register, scope=writes)
            api.route("POST", f"{path}/addresses", add, scope=writes)
            api.route("PUT", f"{path}/addresses/{{address_id}}", replace, scope=writes)
            api.route("GET", path, read, scope=reads)
            api.route("DELETE", path, forget, scope=writes)

    def _let_others_read_contacts(self) -> None:
        read = self._function("ReadContact", "read_contact", "Reads a contact for other services")
        grant(read, "dynamodb:GetItem", on=[self.profiles.table_arn, self.tombstones.table_arn])
        self.key.grant_decrypt(read)
        self.publish("read-contact-arn", read.function_arn)

        find = self._function(
            "FindPartnerCustomer", "find_partner_customer", "Finds a partner's customer for others"
        )
        grant(find, "dynamodb:GetItem", on=[self.profiles.table_arn, self.tombstones.table_arn])
        self.key.grant_decrypt(find)
        self.publish("find-partner-customer-arn", find.function_arn)

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
