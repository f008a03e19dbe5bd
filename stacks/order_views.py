"""Read side of ordering: the view that follows the log, and the queries on it."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from constructs import Construct

from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_api import ServiceApi
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import ServiceTable, text
from stacks.constructs.stream_alarm import alarm_when_behind
from stacks.environment import Environment
from stacks.event_log import event_stream_of

BY_CUSTOMER = "by-customer"


class OrderViewsStack(ServiceStack):
    """The projector alone writes the view; the query functions can only read it."""

    def __init__(self, scope: Construct, *, environment: Environment, **kwargs: Any) -> None:
        super().__init__(
            scope,
            "order-views",
            environment=environment,
            owner="experience",
            description="Parcelworks: read side of ordering",
            **kwargs,
        )
        self.key = self.make_key()
        self.order_view = ServiceTable(
            self,
            "OrderView",
            key=self.key,
            partition_key=text("view_id"),
            indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=BY_CUSTOMER, partition_key=text("customer"), sort_key=text("placed")
                )
            ],
        )
        self._project_the_log()
        self._serve_api()

    def _project_the_log(self) -> None:
        event_stream = event_stream_of(self)
        read_events_arn = self.find("orders", "read-events-arn")
        projector = self._function(
            "ProjectOrders",
            "project_orders",
            "Keeps the order view up to date",
            timeout=Duration.seconds(60),
            READ_EVENTS_ARN=read_events_arn,
        )
        grant(
            projector,
            "dynamodb:GetItem",
            "dynamodb:BatchGetItem",
            "dynamodb:PutItem",
            on=self.order_view.table_arn,
        )
        grant(projector, "lambda:InvokeFunction", on=read_events_arn)
        self.key.grant_encrypt_decrypt(projector)
        projector.add_event_source(
            sources.KinesisEventSource(
                event_stream,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=1000,
                retry_attempts=-1,
                bisect_batch_on_error=True,
            )
        )
        alarm_when_behind(self, "ProjectorBehind", projector)

    def _serve_api(self) -> None:
        api = ServiceApi(
            self, user_pool_arn=self.find("identity", "user-pool-arn"), rate=2000, burst=4000
        )
        get_order = self._function("GetOrder", "get_order", "Reads one order")
        api.route("GET", "/v1/orders/{order_id}", get_order)
        list_orders = self._function("ListOrders", "list_orders", "Lists a customer's orders")
        api.route("GET", "/v1/orders", list_orders)
        index = f"{self.order_view.table_arn}/index/{BY_CUSTOMER}"
        grant(list_orders, "dynamodb:Query", on=index)
        for function in (get_order, list_orders):
            grant(
                function,
                "dynamodb:GetItem",
                "dynamodb:BatchGetItem",
                on=self.order_view.table_arn,
            )
            self.key.grant_decrypt(function)

    def _function(
        self,
        id: str,
        handler: str,
        description: str,
        timeout: Duration | None = None,
        **environment: str,
    ) -> MicroserviceFunction:
        return MicroserviceFunction(
            self,
            id,
            handler=handler,
            description=description,
            timeout=timeout,
            environment={"ORDER_VIEW_TABLE": self.order_view.table_name, **environment},
        )
