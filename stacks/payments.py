"""Payments: the commands that move money, two providers' addresses and keys, and what is known."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from stacks.constructs.alarms import alarm_when_counted
from stacks.constructs.bus import grant_publishing
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.rotated_secret import tell_when_unreadable
from stacks.constructs.service_configuration import ServiceConfiguration
from stacks.constructs.service_queue import ServiceQueue
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import ServiceTable, text
from stacks.payments_keys import ProviderKey
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="payments",
    owner="payments",
    purpose="payments and the payment provider",
)
PROVIDER_URL = "payment_provider_url"
BACKUP_PROVIDER_URL = "backup_payment_provider_url"
"""Context keys of the providers' addresses. The defaults are no providers: a deployment that takes
money names its own there, and brings the adapters that speak their contracts."""
ATTEMPTS = 30
"""With the pauses between them, half an hour: an outage of the provider that nobody needs to
notice. After that the command is answered as failed, and waits with the dead letters."""
MAX_CONCURRENCY = 5
"""How many requests the provider gets at a time, whatever waits in the queue: at a tenth of a
second each, fifty payments a second."""


class PaymentsStack(ServiceStack):
    """One worker speaks with the providers; nobody else has their keys."""

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        self.key = self.make_key()
        self.payments = ServiceTable(self, "Payments", key=self.key, partition_key=text("order_id"))
        self.provider_key = self._keep_a_key(
            "ProviderKey", PROVIDER_URL, "The key for the payment provider"
        )
        self.backup_provider_key = self._keep_a_key(
            "BackupProviderKey", BACKUP_PROVIDER_URL, "The key for the backup payment provider"
        )
        tell_when_unreadable(self)
        self.publish("provider-key-secret-arn", self.provider_key.arn)
        self.publish("backup-provider-key-secret-arn", self.backup_provider_key.arn)
        self.configuration = ServiceConfiguration(
            self,
            monitors=[self._tell_when_the_circuit_opens(name) for name in ("primary", "backup")],
            flags=True,
        )
        self._take_queued_commands()

    def _keep_a_key(self, id: str, url: str, description: str) -> ProviderKey:
        return ProviderKey(
            self,
            id,
            key=self.key,
            description=description,
            provider_url=self.node.get_context(url),
        )

    def _take_queued_commands(self) -> None:
        commands = ServiceQueue(
            self,
            "Commands",
            key=self.key,
            worker_timeout=Duration.seconds(30),
            attempts=ATTEMPTS,
        )
        worker = MicroserviceFunction(
            self,
            "QueuedCommands",
            handler="queued_commands",
            description="Authorizes, captures, voids and refunds payments, and replies",
            timeout=Duration.seconds(30),
            environment={
                "PAYMENTS_TABLE": self.payments.table_name,
                "PROVIDER_URL": self.node.get_context(PROVIDER_URL),
                "PROVIDER_KEY_SECRET_ARN": self.provider_key.arn,
                "BACKUP_PROVIDER_URL": self.node.get_context(BACKUP_PROVIDER_URL),
                "BACKUP_PROVIDER_KEY_SECRET_ARN": self.backup_provider_key.arn,
            },
        )
        grant(worker, "dynamodb:GetItem", "dynamodb:PutItem", on=self.payments.table_arn)
        for key in (self.provider_key, self.backup_provider_key):
            key.read_by(worker)
        grant_publishing(worker, self)
        self.configuration.read_by(worker)
        commands.consumed_by(worker, batch_size=5, max_concurrency=MAX_CONCURRENCY)
        commands.publish("commands")

    def _tell_when_the_circuit_opens(self, provider: str) -> cloudwatch.Alarm:
        return alarm_when_counted(
            self,
            f"{provider.capitalize()}CircuitOpens",
            metric_name="CircuitOpened",
            dimensions={"provider": provider},
            what=f"a provider does not answer: the {provider} one",
        )
