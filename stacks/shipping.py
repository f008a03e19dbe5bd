"""Shipping: quotes by scatter-gather, bookings, and the carriers' reports.

A carrier is one entry of the carrier list: see ``shipping_carriers`` for what follows from it.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from constructs import Construct

from stacks.constructs.alarms import alarm_when_behind, alarm_when_counted
from stacks.constructs.bus import grant_publishing
from stacks.constructs.keyed_api import KeyedApi
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_configuration import ServiceConfiguration
from stacks.constructs.service_queue import ServiceQueue
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import ServiceTable, text
from stacks.services import Service
from stacks.shipping_carriers import Carriers, pascal_case
from stacks.stage import Stage

SERVICE = Service(
    name="shipping",
    owner="logistics",
    purpose="carriers' quotes, bookings and reports",
    also_owns=("tests/infra/test_carriers.py",),
)
CARRIER_LIST = Path(__file__).parents[1] / "lambdas" / "shipping" / "carriers.json"
BY_TRACKING_NUMBER = "by-tracking-number"
BOOKING_TIMEOUT = Duration.seconds(20)
TIMEOUT = Duration.seconds(10)


class ShippingStack(ServiceStack):
    """``carriers`` has the form of ``carriers.json``, which is the default."""

    def __init__(
        self,
        scope: Construct,
        *,
        stage: Stage,
        carriers: Sequence[Mapping[str, Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        entries = carriers if carriers is not None else json.loads(CARRIER_LIST.read_text())
        self.key = self.make_key()
        self._make_tables()
        self.answers = ServiceQueue(self, "Answers", key=self.key, worker_timeout=TIMEOUT)
        self.carriers = Carriers(self, entries, key=self.key, answers=self.answers)
        self._gather_answers()
        self.configuration = ServiceConfiguration(
            self, monitors=[self._tell_when_carriers_are_silent()], flags=True
        )
        self._take_commands()
        self._hear_from_carriers()
        self._show_quotes()

    def _make_tables(self) -> None:
        self.aggregations = ServiceTable(
            self,
            "Gatherings",
            key=self.key,
            partition_key=text("order_id"),
            sort_key=text("request_id"),
            stream=dynamodb.StreamViewType.NEW_IMAGE,  # closing a gathering is what answers
        )
        self.shipments = ServiceTable(
            self,
            "Shipments",
            key=self.key,
            partition_key=text("order_id"),
            indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=BY_TRACKING_NUMBER,
                    partition_key=text("tracking_number"),
                    sort_key=text("carrier"),
                )
            ],
        )
        self.tracking = ServiceTable(
            self,
            "Tracking",
            key=self.key,
            partition_key=text("order_id"),
            sort_key=text("report"),
            stream=dynamodb.StreamViewType.NEW_IMAGE,
        )

    def _gather_answers(self) -> None:
        self.deadlines = ServiceQueue(self, "Deadlines", key=self.key, worker_timeout=TIMEOUT)
        take = self._aggregator("TakeAnswers", "take_answers", "Aggregates carriers' answers")
        self.answers.consumed_by(take, max_concurrency=20)
        close = self._aggregator("CloseGatherings", "close_gatherings", "Closes at the deadline")
        self.deadlines.consumed_by(close, max_concurrency=10)
        grant(take, "dynamodb:UpdateItem", "dynamodb:GetItem", on=self.aggregations.table_arn)
        grant(close, "dynamodb:UpdateItem", "dynamodb:GetItem", on=self.aggregations.table_arn)
        self._announce(
            "AnnounceQuotes",
            "announce_quotes",
            "Answers GatherQuotes once it is closed",
            self.aggregations,
            {
                "eventName": lambda_.FilterRule.is_equal("MODIFY"),
                "dynamodb": {
                    "NewImage": {"status": {"S": lambda_.FilterRule.is_equal("closed")}},
                },
            },
        )

    def _show_quotes(self) -> None:
        show = self._aggregator(
            "ShowQuotes",
            "show_quotes",
            "For operators that only look: which carriers were asked, and who has answered",
        )
        grant(show, "dynamodb:Query", on=self.aggregations.table_arn)
        self.key.grant_decrypt(show)
        self.publish("show-quotes-arn", show.function_arn)

    def _aggregator(self, id: str, handler: str, description: str) -> MicroserviceFunction:
        return MicroserviceFunction(
            self,
            id,
            handler=handler,
            description=description,
            timeout=TIMEOUT,
            environment={"GATHERINGS_TABLE": self.aggregations.table_name},
        )

    def _take_commands(self) -> None:
        commands = ServiceQueue(self, "Commands", key=self.key, worker_timeout=BOOKING_TIMEOUT)
        worker = MicroserviceFunction(
            self,
            "QueuedCommands",
            handler="queued_commands",
            description="Asks carriers for quotes, books and cancels, and replies",
            timeout=BOOKING_TIMEOUT,
            environment={
                "GATHERINGS_TABLE": self.aggregations.table_name,
                "SHIPMENTS_TABLE": self.shipments.table_name,
                "QUOTE_REQUESTS_TOPIC_ARN": self.carriers.quote_requests.topic_arn,
                "DEADLINES_URL": self.deadlines.queue.queue_url,
                "CARRIER_DESKS": self.to_json_string(
                    {
                        name: function.function_arn
                        for name, function in self.carriers.functions.items()
                    }
                ),
            },
        )
        grant(
            worker,
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:Query",
            on=self.aggregations.table_arn,
        )
        grant(worker, "dynamodb:GetItem", "dynamodb:PutItem", on=self.shipments.table_arn)
        grant(worker, "sns:Publish", on=self.carriers.quote_requests.topic_arn)
        grant(worker, "sqs:SendMessage", on=self.deadlines.queue.queue_arn)
        grant(
            worker,
            "lambda:InvokeFunction",
            on=[function.function_arn for function in self.carriers.functions.values()],
        )
        grant_publishing(worker, self)
        self.configuration.read_by(worker)
        commands.consumed_by(worker, max_concurrency=20)
        commands.publish("commands")

    def _tell_when_carriers_are_silent(self) -> cloudwatch.Alarm:
        """What a deadline too short or too few carriers would cause, among other things."""
        return alarm_when_counted(
            self,
            "WithoutQuotes",
            metric_name="GatheringsWithoutQuotes",
            more_than=4,
            what="parcels get no quotes",
        )

    def _hear_from_carriers(self) -> None:
        api = KeyedApi(self, rate=200, burst=400)
        keys = {
            name: api.add_caller(pascal_case(name), name, rate=50, burst=100, per_day=500_000)
            for name in self.carriers.functions
        }
        track = MicroserviceFunction(
            self,
            "TrackShipment",
            handler="track_shipment",
            description="Takes carriers' reports",
            environment={
                "SHIPMENTS_TABLE": self.shipments.table_name,
                "TRACKING_TABLE": self.tracking.table_name,
                "CARRIER_KEYS": self.to_json_string(keys),
            },
        )
        grant(track, "dynamodb:Query", on=f"{self.shipments.table_arn}/index/{BY_TRACKING_NUMBER}")
        grant(track, "dynamodb:PutItem", on=self.tracking.table_arn)
        self.key.grant_encrypt_decrypt(track)
        api.route("POST", "/v1/carriers/{carrier}/tracking", track)
        self._announce(
            "AnnounceTracking",
            "announce_tracking",
            "Tells every service where a parcel is",
            self.tracking,
            {"eventName": lambda_.FilterRule.is_equal("INSERT")},
        )

    def _announce(
        self,
        id: str,
        handler: str,
        description: str,
        table: ServiceTable,
        what: Mapping[str, Any],
    ) -> None:
        announce = MicroserviceFunction(
            self,
            id,
            handler=handler,
            description=description,
            timeout=Duration.seconds(60),
            environment={
                "DEAD_LETTERS_URL": self.answers.dead_letters.queue_url,
            },
        )
        grant_publishing(announce, self)
        grant(announce, "sqs:SendMessage", on=self.answers.dead_letters.queue_arn)
        self.key.grant_encrypt_decrypt(announce)
        announce.add_event_source(
            sources.DynamoEventSource(
                table,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=100,
                retry_attempts=-1,
                bisect_batch_on_error=True,
                filters=[lambda_.FilterCriteria.filter(dict(what))],
            )
        )
        alarm_when_behind(
            self, f"{id}Behind", announce, written=table.metric_consumed_write_capacity_units()
        )
