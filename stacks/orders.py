"""Write side of ordering: the event store, the commands that append to it, and the relay."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from stacks.constructs.alarms import alarm_when_counted
from stacks.constructs.bus import grant_publishing
from stacks.constructs.event_store import EventStore
from stacks.constructs.log_consumer import LogConsumer
from stacks.constructs.microservice_function import FunctionsWith, MicroserviceFunction, grant
from stacks.constructs.partners_customers import knows_customers
from stacks.constructs.partners_key import partners_key
from stacks.constructs.rotated_secret import may_read, tell_when_unreadable
from stacks.constructs.service_api import ServiceApi
from stacks.constructs.service_configuration import ServiceConfiguration
from stacks.constructs.service_queue import ServiceQueue
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import ServiceTable, text
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="orders",
    owner="checkout",
    purpose="write side of ordering",
    consumers=("bus-publisher",),
    scopes={
        "orders/read": "Look at your orders",
        "orders/write": "Place and cancel orders for you",
    },
    machine_scopes={"partners/orders": "Place orders for customers of theirs"},
)
READ, WRITE = "orders/read", "orders/write"
PARTNERS = "partners/orders"
BY_TIME = "by-time"
"""The event store's index of events by hour."""


class OrdersStack(ServiceStack):
    """Commands append one event each; the table's stream and the relay tell the world."""

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        self.key = self.make_key()
        self.event_store = EventStore(
            self,
            key=self.key,
            id_name="order_id",
            indexes=[
                # What happened lately is compared every night, however long the history is.
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=BY_TIME,
                    partition_key=text("occurred_in"),
                    projection_type=dynamodb.ProjectionType.KEYS_ONLY,
                )
            ],
        )
        self.publish("event-store-arn", self.event_store.table_arn)
        self._function = FunctionsWith(self, EVENT_STORE_TABLE=self.event_store.table_name)
        self._serve_api()
        self._let_operators_change_what_runs()
        self._take_queued_commands()
        self._let_others_read_events()
        self.event_store.relayed_by(description="Publishes orders' events on the event log")
        self._publish_events_on_the_bus()

    def _serve_api(self) -> None:
        api = ServiceApi(self, rate=500, burst=1000)
        api.let_partners_in(partners_key(self), rate=200, burst=400, per_day=2_000_000)
        self.place_order = place_order = self._function(
            "PlaceOrder", "place_order", "Appends OrderPlaced"
        )
        grant(place_order, "dynamodb:PutItem", "dynamodb:GetItem", on=self.event_store.table_arn)
        self._let_verify_quotes(place_order)
        api.route("POST", "/v1/orders", place_order, scope=WRITE, appends="OrderPlaced")
        api.route("POST", "/v2/orders", place_order, scope=WRITE)

        cancel_order = self._function("CancelOrder", "cancel_order", "Appends OrderCancelled")
        grant(cancel_order, "dynamodb:Query", "dynamodb:PutItem", on=self.event_store.table_arn)
        cancellation = "/orders/{order_id}/cancellation"
        api.route("POST", f"/v1{cancellation}", cancel_order, scope=WRITE, appends="OrderCancelled")
        api.route("POST", f"/v2{cancellation}", cancel_order, scope=WRITE)

        order_history = self._function("OrderHistory", "order_history", "Reads an order's past")
        grant(order_history, "dynamodb:Query", on=self.event_store.table_arn)
        for version in ("v1", "v2"):
            api.route("GET", f"/{version}/orders/{{order_id}}/history", order_history, scope=READ)

        self.place_partner_order = self._function(
            "PlacePartnerOrder",
            "place_partner_order",
            "Appends OrderPlaced for partners",
        )
        grant(
            self.place_partner_order,
            "dynamodb:PutItem",
            "dynamodb:GetItem",
            on=self.event_store.table_arn,
        )
        knows_customers(self.place_partner_order, self)
        self._let_verify_quotes(self.place_partner_order)
        api.route("POST", "/v1/partner-orders", self.place_partner_order, scope=PARTNERS)

        tell_when_unreadable(self)
        for function in (place_order, cancel_order, self.place_partner_order):
            self.key.grant_encrypt_decrypt(function)
        self.key.grant_decrypt(order_history)

    def _let_verify_quotes(self, function: MicroserviceFunction) -> None:
        secret_arn = self.find("signing", "quote-signing-secret-arn")
        may_read(
            function, secret_arn=secret_arn, key_arn=self.find("signing", "quote-signing-key-arn")
        )
        function.add_environment("QUOTE_SIGNING_SECRET_ARN", secret_arn)

    def _let_operators_change_what_runs(self) -> None:
        failures = alarm_when_counted(
            self,
            "RequestsFail",
            metric_name="UnhandledErrors",
            what="requests fail on our side",
            more_than=5,
        )
        configuration = ServiceConfiguration(self, flags=True, monitors=[failures])
        configuration.read_by(self.place_order)
        configuration.read_by(self.place_partner_order)

    def _take_queued_commands(self) -> None:
        commands = ServiceQueue(self, "Commands", key=self.key, worker_timeout=Duration.seconds(10))
        worker = self._function(
            "QueuedCommands",
            "queued_commands",
            "Confirms and rejects orders, and replies",
        )
        grant(worker, "dynamodb:Query", "dynamodb:PutItem", on=self.event_store.table_arn)
        grant_publishing(worker, self)
        self.key.grant_encrypt_decrypt(worker)
        commands.consumed_by(worker, max_concurrency=20)
        commands.publish("commands")

    def _let_others_read_events(self) -> None:
        self.read_events = self.event_store.read_by_others()

        scan_events = self._function(
            "ScanEvents",
            "scan_events",
            "Lists events for reconciliation",
            timeout=Duration.minutes(1),
        )
        grant(scan_events, "dynamodb:Scan", on=self.event_store.table_arn)
        self.key.grant_decrypt(scan_events)
        self.publish("scan-events-arn", scan_events.function_arn)

        list_events = self._function(
            "ListEvents",
            "list_events",
            "Lists an hour's events for reconciliation",
            timeout=Duration.minutes(1),
        )
        table = self.event_store.table_arn
        grant(list_events, "dynamodb:Query", on=f"{table}/index/{BY_TIME}")
        grant(list_events, "dynamodb:BatchGetItem", on=table)
        self.key.grant_decrypt(list_events)
        self.publish("list-events-arn", list_events.function_arn)

    def _publish_events_on_the_bus(self) -> None:
        gate = ServiceTable(self, "PublisherGate", key=self.key, partition_key=text("order_id"))
        publisher = LogConsumer(
            self,
            "BusPublisher",
            handler="publish_to_bus",
            description="Publishes orders' events on the bus, each order's in order",
            environment={
                "PUBLISHER_GATE_TABLE": gate.table_name,
            },
            key=self.key,
            read_events_arn=self.read_events.function_arn,
        )
        publisher.allow(
            "dynamodb:BatchGetItem",
            "dynamodb:PutItem",
            "dynamodb:PartiQLInsert",
            on=gate.table_arn,
        )
        grant_publishing(publisher.projector, self)
        grant_publishing(publisher.redrive, self)
