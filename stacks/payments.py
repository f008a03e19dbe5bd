"""Payments: the commands that move money, the key for the payment provider, and what is known."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_queue import ServiceQueue
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import ServiceTable, text
from stacks.constructs.stream_alarm import operations_topic
from stacks.environment import Environment

PROVIDER_URL = "payment_provider_url"
"""The context key of the provider's address. The default is no provider: a deployment that takes
money names its own there, and brings the adapter that speaks its contract."""
ATTEMPTS = 30
"""With the pauses between them, half an hour: an outage of the provider that nobody needs to
notice. After that the command is answered as failed, and waits with the dead letters."""
MAX_CONCURRENCY = 5
"""How many requests the provider gets at a time, whatever waits in the queue: at a tenth of a
second each, fifty payments a second."""


class PaymentsStack(ServiceStack):
    """One worker speaks with the provider; nobody else has its key."""

    def __init__(self, scope: Construct, *, environment: Environment, **kwargs: Any) -> None:
        super().__init__(
            scope,
            "payments",
            environment=environment,
            owner="payments",
            description="Parcelworks: payments and the payment provider",
            **kwargs,
        )
        self.key = self.make_key()
        self.payments = ServiceTable(self, "Payments", key=self.key, partition_key=text("order_id"))
        self.provider_key_arn = self._keep_the_providers_key()
        self._take_queued_commands()
        self._tell_when_the_circuit_opens()

    def _keep_the_providers_key(self) -> str:
        secret = secretsmanager.Secret(
            self,
            "ProviderKey",
            description="The key for the payment provider",
            encryption_key=self.key,
            # Something to begin with: the provider's own key takes its place.
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template="{}",  # noqa: S106 - what it generates goes in there
                generate_string_key="api_key",
                password_length=40,
                exclude_punctuation=True,
            ),
            removal_policy=self.settings.removal_policy,
        )
        acknowledge(
            secret,
            "The provider issues its keys, so no schedule of ours alone can replace one. A worker "
            "follows a new value within minutes, at once when the provider refuses the old one.",
            "AwsSolutions-SMG4",
        )
        resource = secret.node.default_child
        assert isinstance(resource, secretsmanager.CfnSecret)
        self.publish("provider-key-secret-arn", resource.attr_id)
        return resource.attr_id

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
                "PROVIDER_KEY_SECRET_ARN": self.provider_key_arn,
                "COMMANDS_URL": commands.queue.queue_url,
                "BUS_NAME": self.find("event-log", "bus-name"),
            },
        )
        grant(worker, "dynamodb:GetItem", "dynamodb:PutItem", on=self.payments.table_arn)
        grant(worker, "secretsmanager:GetSecretValue", on=self.provider_key_arn)
        grant(worker, "events:PutEvents", on=self.find("event-log", "bus-arn"))
        # An open circuit makes messages wait longer each time.
        grant(worker, "sqs:ChangeMessageVisibility", on=commands.queue.queue_arn)
        commands.consumed_by(worker, batch_size=5, max_concurrency=MAX_CONCURRENCY)
        commands.publish("commands")

    def _tell_when_the_circuit_opens(self) -> None:
        alarm = cloudwatch.Alarm(
            self,
            "CircuitOpens",
            alarm_description="payments: the provider does not answer; see docs/operations.md",
            metric=cloudwatch.Metric(
                namespace="Parcelworks",
                metric_name="CircuitOpened",
                dimensions_map={"service": self.service},
                statistic="Sum",
                period=Duration.minutes(1),
            ),
            threshold=0,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(operations_topic(self)))
