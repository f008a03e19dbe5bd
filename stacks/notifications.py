"""Notifications: listens on the bus, and tells customers; nobody knows that it does."""

from typing import Any

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_ses as ses
from constructs import Construct

from contracts.product import PRODUCT
from stacks.constructs.alarms import alarm_when_counted
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_queue import ServiceQueue
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import Backup, ServiceTable, text
from stacks.mail_domain import MAIL_DOMAIN
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="notifications",
    owner="experience",
    purpose="what customers are told",
    also_owns=("stacks/mail_domain.py",),
)
TIMEOUT = Duration.seconds(20)
TOLD_ABOUT = ("out-for-delivery", "delivered", "returned", "lost")
"""The carriers' reports that customers hear of; the others never leave the bus for here."""


class NotificationsStack(ServiceStack):
    """A new subscriber changes no publisher: only rules of this stack name what it wants."""

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        self.key = self.make_key()
        self.ledger = ServiceTable(self, "Ledger", key=self.key, partition_key=text("event_id"))
        self.notify = self._make_function()
        if stage.sends_mail:
            self._send_mail()
        else:
            self._keep_an_outbox()
        self._listen()
        self._show_what_was_told()

    def _make_function(self) -> MicroserviceFunction:
        read_contact_arn = self.find("customers", "read-contact-arn")
        read_events_arn = self.find("orders", "read-events-arn")
        notify = MicroserviceFunction(
            self,
            "Notify",
            handler="notify",
            description="Tells customers what became of their orders",
            timeout=TIMEOUT,
            environment={
                "LEDGER_TABLE": self.ledger.table_name,
                # No worker lives longer, so a claim that lapses is nobody's any more.
                "CLAIM_SECONDS": str(TIMEOUT.to_seconds()),
                "READ_CONTACT_ARN": read_contact_arn,
                "READ_EVENTS_ARN": read_events_arn,
            },
        )
        grant(notify, "dynamodb:PutItem", "dynamodb:UpdateItem", on=self.ledger.table_arn)
        grant(notify, "lambda:InvokeFunction", on=[read_contact_arn, read_events_arn])
        return notify

    def _send_mail(self) -> None:
        domain = f"{self.stage.name}.{self.node.get_context(MAIL_DOMAIN)}"
        tracking = ses.ConfigurationSet(
            self,
            "Mail",
            configuration_set_name=f"{PRODUCT}-{self.stage.name}",
            tls_policy=ses.ConfigurationSetTlsPolicy.REQUIRE,
            reputation_metrics=True,
            suppression_reasons=ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS,
        )
        sender = ses.EmailIdentity(
            self,
            "Sender",
            identity=ses.Identity.domain(domain),
            configuration_set=tracking,
        )
        for number, record in enumerate(sender.dkim_records, start=1):
            CfnOutput(
                self,
                f"DkimRecord{number}",
                description=f"DNS record that verifies {domain}",
                value=f"{record.name} CNAME {record.value}",
            )
        alarm_when_counted(
            self,
            "MailRefused",
            metric_name="MailRefused",
            what="mail is refused",
        )
        alarm_when_counted(
            self,
            "MailUndeliverable",
            metric_name="Notifications",
            dimensions={"how": "undeliverable"},
            what="mail cannot be delivered",
        )
        self.notify.add_environment("MAIL", "ses")
        self.notify.add_environment("MAIL_FROM", f"orders@{domain}")
        self.notify.add_environment("CONFIGURATION_SET", tracking.configuration_set_name)
        configuration_set_arn = self.format_arn(
            service="ses",
            resource="configuration-set",
            resource_name=tracking.configuration_set_name,
        )
        grant(
            self.notify,
            "ses:SendEmail",
            on=[sender.email_identity_arn, configuration_set_arn],
        )

    def _keep_an_outbox(self) -> None:
        outbox = ServiceTable(
            self,
            "Outbox",
            key=self.key,
            partition_key=text("customer_id"),
            sort_key=text("event_id"),
            backup=Backup.NEVER,
        )
        self.notify.add_environment("MAIL", "outbox")
        self.notify.add_environment("OUTBOX_TABLE", outbox.table_name)
        grant(self.notify, "dynamodb:PutItem", on=outbox.table_arn)

    def _show_what_was_told(self) -> None:
        show = MicroserviceFunction(
            self,
            "ShowNotifications",
            handler="show_notifications",
            description="For operators that only look: what customers were told about",
            environment={"LEDGER_TABLE": self.ledger.table_name},
        )
        grant(show, "dynamodb:BatchGetItem", on=self.ledger.table_arn)
        self.key.grant_decrypt(show)
        self.publish("show-notifications-arn", show.function_arn)

    def _listen(self) -> None:
        events = ServiceQueue(self, "Events", key=self.key, worker_timeout=TIMEOUT)
        events.subscribe_to_bus(
            "Orders",
            detail_type=["OrderPlaced", "OrderConfirmed", "OrderRejected", "OrderCancelled"],
        )
        events.subscribe_to_bus("Refunds", detail_type=["PaymentRefunded"])
        events.subscribe_to_bus(
            "Parcels",
            detail_type=["ShipmentTracked"],
            detail={"data": {"status": list(TOLD_ABOUT)}},
        )
        events.consumed_by(self.notify, max_concurrency=10)
