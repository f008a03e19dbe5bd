"""A queue as every service has one: encrypted, with dead letters that raise an alarm."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from contracts.messages import source_of, sources_of
from stacks.constructs.alarms import alarm_on
from stacks.constructs.bus import bus_of
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.queue_redrive import let_operators_redrive
from stacks.constructs.service_stack import ServiceStack

ATTEMPTS = 10
"""How often a message may fail: with the pauses between, some six minutes."""
RECEIVES = 100
"""How often SQS hands a message out before it is set aside without a reason. A worker that fails
sends the message again with its count, so this is for a worker that dies, and for receives that
Lambda throttles: with a minute or more between two, an account may be busy for two hours."""
NOT_READ = Duration.hours(1)
"""A message that failed is sent again and is young: an old one was taken by nobody, or a worker
dies with it. Longer than a message is hidden while somebody works at it."""
RETENTION = Duration.days(14)
"""The longest that SQS keeps a message: each one is somebody's money or work."""

LARGEST_DEAD_LETTER = 1024 * 1024
"""The most that SQS takes, in bytes: a message on the bus has a quarter of that."""


class ServiceQueue(Construct):
    """``queue`` and its ``dead_letters``, where a message waits that failed ``attempts`` times."""

    def __init__(
        self,
        stack: ServiceStack,
        id: str,
        *,
        key: kms.IKey,
        worker_timeout: Duration,
        attempts: int = ATTEMPTS,
    ) -> None:
        super().__init__(stack, id)
        self.stack = stack
        self.key = key
        self.attempts = attempts
        self._heard: dict[str, Sequence[str]] = {}
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=RETENTION,
            # What fits a queue fits here with the reason beside it.
            max_message_size_bytes=LARGEST_DEAD_LETTER,
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=RETENTION,
            # Lambda's advice: six times the worker's timeout
            visibility_timeout=Duration.seconds(6 * worker_timeout.to_seconds()),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters,
                max_receive_count=RECEIVES,
            ),
        )
        let_operators_redrive(stack, id, queue=self.queue, dead_letters=self.dead_letters, key=key)
        alarm_on(
            self,
            "DeadLettersWait",
            what=f"messages wait in {id}",
            metric=self.dead_letters.metric_approximate_number_of_messages_visible(
                statistic="Maximum", period=Duration.minutes(1)
            ),
        )

    def consumed_by(
        self,
        worker: MicroserviceFunction,
        *,
        max_concurrency: int,
        batch_size: int = 10,
        batching_window: Duration | None = None,
        retries_each: bool = True,
    ) -> None:
        """Let a function work through the queue; with ``retries_each`` it counts what failed.

        In production no more than ``max_concurrency`` run at once, so that a backlog of one service
        does not take the account's concurrency from the others. More than ten messages in a batch
        want a ``batching_window``. What the queue hears on the bus is named before.
        """
        worker.add_environment("DEAD_LETTERS_URL", self.dead_letters.queue_url)
        if self._heard:
            worker.add_environment("MESSAGE_SOURCES", json.dumps(self._heard, sort_keys=True))
        grant(worker, "sqs:SendMessage", on=self.dead_letters.queue_arn)
        if retries_each:
            worker.add_environment("QUEUE_URL", self.queue.queue_url)
            worker.add_environment("QUEUE_ATTEMPTS", str(self.attempts))
            grant(worker, "sqs:SendMessage", on=self.queue.queue_arn)
        self.key.grant_encrypt_decrypt(worker)
        alarm_on(
            self,
            "NotRead",
            what=f"messages are not taken from {self.node.id}",
            metric=self.queue.metric_approximate_age_of_oldest_message(
                statistic="Maximum", period=Duration.minutes(5)
            ),
            more_than=NOT_READ.to_seconds(),
        )
        worker.add_event_source(
            sources.SqsEventSource(
                self.queue,
                batch_size=batch_size,
                max_batching_window=batching_window,
                max_concurrency=self.stack.stage.concurrency(max_concurrency),
                report_batch_item_failures=True,
            )
        )

    def publish(self, name: str) -> None:
        """Let other services send to the queue: its ARN, its URL and its key."""
        self.stack.publish(f"{name}-queue-arn", self.queue.queue_arn)
        self.stack.publish(f"{name}-queue-url", self.queue.queue_url)
        self.stack.publish(f"{name}-key-arn", self.key.key_arn)

    def subscribe_to_bus(
        self,
        id: str,
        *,
        detail_type: Sequence[str],
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Put these messages on the bus into the queue; undeliverable events become dead letters.

        Each counts from its owner alone: the rule asks for the owner's source, and the worker looks
        again, since the queue gets the whole event. A rule compares source and type apart, so it is
        for types that the same service says.

        Raises:
            LookupError: no schema says whose message it is.
        """
        sources = {sources_of(type) for type in detail_type}
        assert len(sources) == 1, f"{id}: one rule for what one service says"
        self._heard |= {type: sources_of(type) for type in detail_type}
        self._subscribe(
            id,
            ", ".join(detail_type),
            events.EventPattern(
                detail_type=list(detail_type),
                source=list(*sources),
                detail=dict(detail) if detail else None,
            ),
        )

    def hear_everything(self, id: str) -> None:
        """Put whatever a service says on the bus into the queue, of services to come as well.

        For who shows it and does nothing because of it: nobody asks whether a message is its
        sender's to say.
        """
        self._subscribe(
            id, "everything", events.EventPattern(source=events.Match.prefix(source_of("")))
        )

    def _subscribe(self, id: str, what: str, pattern: events.EventPattern) -> None:
        let_service_use(self.key, "events.amazonaws.com", self.stack.account)
        events.Rule(
            self,
            id,
            event_bus=bus_of(self.stack),
            description=f"{self.stack.service}: {what}",
            event_pattern=pattern,
            # The whole event, as it would become a dead letter: its source says whether it counts.
            targets=[targets.SqsQueue(self.queue, dead_letter_queue=self.dead_letters)],
        )


def let_service_use(key: kms.IKey, service: str, account: str) -> None:
    """Let an AWS service deliver into what this key encrypts.

    Without the statement such deliveries fail without a word.
    """
    key.add_to_resource_policy(
        iam.PolicyStatement(
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            principals=[iam.ServicePrincipal(service)],
            resources=["*"],  # in a key's policy: this key
            conditions={"StringEquals": {"aws:SourceAccount": account}},
        )
    )
