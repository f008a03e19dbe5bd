"""Stock: what is available, reserved and sold, and the commands that move it."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from stacks.constructs.alarms import alarm_on
from stacks.constructs.bus import grant_publishing
from stacks.constructs.microservice_function import FunctionsWith, MicroserviceFunction, grant
from stacks.constructs.schedule import call_every
from stacks.constructs.service_in_network import role_arn
from stacks.constructs.service_queue import ServiceQueue
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import ServiceTable, text
from stacks.inventory_lattice import InventoryInTheNetwork
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="inventory",
    owner="warehouse",
    purpose="stock and its reservations",
)
BY_DEADLINE = "by-deadline"
HOLD = Duration.hours(24)
"""How long stock waits for an order: longer than fulfilment may take, so that expiry is only the
net below it. A confirmed order's stock is sold and does not wait."""
BESIDE_CONTAINERS = "beside_containers"
"""The context's key by which functions for containers are there without the network: offline, where
containers are processes, and what calls a function stands in for VPC Lattice."""
MAX_CONCURRENCY = 5
"""Orders of one SKU contend for one item; more workers would conflict more, not work more."""


class InventoryStack(ServiceStack):
    """Commands come by queue, sales are heard on the bus, deliveries come from an operator.

    Published besides, with containers: ``dns-name`` and ``service-arn`` in the service network.
    """

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        self.key = self.make_key()
        self.stock = ServiceTable(
            self, "Stock", key=self.key, partition_key=text("sku"), sort_key=text("entry")
        )
        self.reservations = ServiceTable(
            self,
            "Reservations",
            key=self.key,
            partition_key=text("order_id"),
            indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=BY_DEADLINE,
                    partition_key=text("due_shard"),
                    sort_key=text("expires_at"),
                )
            ],
        )
        self._function = FunctionsWith(
            self,
            timeout=Duration.seconds(30),
            STOCK_TABLE=self.stock.table_name,
            RESERVATIONS_TABLE=self.reservations.table_name,
        )
        self._take_queued_commands()
        self._hear_of_sales()
        self._release_what_expired()
        self._receive_deliveries()
        if stage.containers or self.node.try_get_context(BESIDE_CONTAINERS):
            self._say_what_is_available()

    def _take_queued_commands(self) -> None:
        commands = ServiceQueue(self, "Commands", key=self.key, worker_timeout=Duration.seconds(30))
        worker = self._function(
            "QueuedCommands",
            "queued_commands",
            "Reserves and releases stock, and replies",
            HOLD_SECONDS=str(HOLD.to_seconds()),
        )
        self._let_move_stock(worker)
        grant(worker, "dynamodb:GetItem", on=self.reservations.table_arn)
        grant_publishing(worker, self)
        commands.consumed_by(worker, batch_size=5, max_concurrency=MAX_CONCURRENCY)
        commands.publish("commands")

    def _hear_of_sales(self) -> None:
        sales = ServiceQueue(self, "Sales", key=self.key, worker_timeout=Duration.seconds(30))
        sales.subscribe_to_bus("OrderConfirmed", detail_type=["OrderConfirmed"])
        record_sales = self._function(
            "RecordSales", "record_sales", "Turns a confirmed order's reservation into a sale"
        )
        self._let_move_stock(record_sales)
        grant(record_sales, "dynamodb:GetItem", on=self.reservations.table_arn)
        sales.consumed_by(record_sales, max_concurrency=MAX_CONCURRENCY)

    def _release_what_expired(self) -> None:
        release_expired = self._function(
            "ReleaseExpired",
            "release_expired",
            "Gives back stock that was held for too long",
            timeout=Duration.seconds(55),
            reserved_concurrency=1,  # two at a time would only get in each other's way
        )
        self._let_move_stock(release_expired)
        grant(
            release_expired,
            "dynamodb:Query",
            on=f"{self.reservations.table_arn}/index/{BY_DEADLINE}",
        )
        grant_publishing(release_expired, self)
        call_every(
            Duration.minutes(1),
            release_expired,
            self,
            "EveryMinute",
            description="inventory: releases expired reservations",
            key=self.key,
        )
        alarm_on(
            self,
            "ExpiryFails",
            what="expired stock is not released",
            metric=release_expired.metric_errors(period=Duration.minutes(5)),
            more_than=1,
            periods=3,
        )

    def _receive_deliveries(self) -> None:
        restock = MicroserviceFunction(
            self,
            "Restock",
            handler="restock",
            description="An operator's command: counts delivered stock in, each delivery once",
            environment={"STOCK_TABLE": self.stock.table_name},
            timeout=Duration.seconds(60),
        )
        grant(restock, "dynamodb:PutItem", "dynamodb:UpdateItem", on=self.stock.table_arn)
        self.key.grant_encrypt_decrypt(restock)
        self.publish("restock-arn", restock.function_arn)

    def _say_what_is_available(self) -> None:
        """Partners ask it through the service network: no token, no way over the internet."""
        caller = self.stage.role_name("partners", "Pod")
        availability = MicroserviceFunction(
            self,
            "Availability",
            handler="availability",
            description="Says which articles are on the shelf, to who may call in the network",
            environment={
                "STOCK_TABLE": self.stock.table_name,
                "CALLER_ROLE_ARN": role_arn(self, caller),
            },
        )
        grant(availability, "dynamodb:BatchGetItem", on=self.stock.table_arn)
        self.key.grant_decrypt(availability)
        if self.stage.containers:
            InventoryInTheNetwork(self, availability, caller=caller).publish()

    def _let_move_stock(self, function: MicroserviceFunction) -> None:
        grant(function, "dynamodb:GetItem", "dynamodb:UpdateItem", on=self.stock.table_arn)
        grant(function, "dynamodb:PutItem", on=self.reservations.table_arn)
        self.key.grant_encrypt_decrypt(function)
