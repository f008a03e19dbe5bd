"""Read side of ordering: the view that follows the log, and the queries on it."""

from typing import Any

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from stacks.constructs.microservice_function import FunctionsWith, grant
from stacks.constructs.read_model import ReadModel
from stacks.constructs.service_api import ServiceApi
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import ServiceTable, text
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="order-views",
    owner="experience",
    purpose="read side of ordering",
    views=("order-view",),
)
BY_CUSTOMER = "by-customer"


class OrderViewsStack(ServiceStack):
    """The projector alone writes the view; the query functions can only read it."""

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
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
        self._function = FunctionsWith(self, ORDER_VIEW_TABLE=self.order_view.table_name)
        self._project_the_log()
        self._serve_api()

    def _project_the_log(self) -> None:
        ReadModel(
            self,
            "ProjectOrders",
            table=self.order_view,
            variable="ORDER_VIEW_TABLE",
            handler="project_orders",
            description="Keeps the order view up to date",
            writes=["dynamodb:PartiQLInsert"],
        )

    def _serve_api(self) -> None:
        api = ServiceApi(self, rate=2000, burst=4000)
        get_order = self._function("GetOrder", "get_order", "Reads one order")
        api.route("GET", "/v1/orders/{order_id}", get_order)
        list_orders = self._function("ListOrders", "list_orders", "Lists a customer's orders")
        api.route("GET", "/v1/orders", list_orders)
        index = f"{self.order_view.table_arn}/index/{BY_CUSTOMER}"
        grant(list_orders, "dynamodb:Query", on=index)
        for function in (get_order, list_orders):
            grant(function, "dynamodb:GetItem", on=self.order_view.table_arn)
            self.key.grant_decrypt(function)
