"""Read side of ordering: the view that follows the log, and the queries on it."""

from typing import Any

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.constructs.microservice_function import FunctionsWith, grant
from stacks.constructs.partners_customers import knows_customers
from stacks.constructs.partners_key import partners_key
from stacks.constructs.read_model import ReadModel
from stacks.constructs.service_api import ServiceApi
from stacks.constructs.service_principal import service_of_this_account
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import Backup, ServiceTable, text
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
            backup=Backup.NEVER,
        )
        self._function = FunctionsWith(self, ORDER_VIEW_TABLE=self.order_view.table_name)
        self._project_the_log()
        self._serve_api()
        self._let_graphql_read()

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
        api.let_partners_in(partners_key(self), rate=500, burst=1000, per_day=5_000_000)
        get_order = self._function("GetOrder", "get_order", "Reads one order")
        list_orders = self._function("ListOrders", "list_orders", "Lists a customer's orders")
        for version in ("v1", "v2"):
            api.route("GET", f"/{version}/orders/{{order_id}}", get_order, scope="orders/read")
            api.route("GET", f"/{version}/orders", list_orders, scope="orders/read")
        partners = self._function("PartnerOrders", "partner_orders", "Reads orders for partners")
        for path in ("/v1/partner-orders", "/v1/partner-orders/{order_id}"):
            api.route("GET", path, partners, scope="partners/orders")
        knows_customers(partners, self)
        index = f"{self.order_view.table_arn}/index/{BY_CUSTOMER}"
        for function in (list_orders, partners):
            grant(function, "dynamodb:Query", on=index)
        for function in (get_order, list_orders, partners):
            grant(function, "dynamodb:GetItem", on=self.order_view.table_arn)
            self.key.grant_decrypt(function)

    def _let_graphql_read(self) -> None:
        """The GraphQL API reads the table as a role of ours, which may do this and nothing else."""
        graph_fields = self._function(
            "GraphFields",
            "graph_fields",
            "Answers the GraphQL API's fields that need more than one item",
            READ_EVENTS_ARN=(read_events_arn := self.find("orders", "read-events-arn")),
        )
        grant(graph_fields, "lambda:InvokeFunction", on=read_events_arn)
        grant(graph_fields, "dynamodb:GetItem", on=self.order_view.table_arn)
        grant(graph_fields, "dynamodb:Query", on=f"{self.order_view.table_arn}/index/{BY_CUSTOMER}")
        self.key.grant_decrypt(graph_fields)
        reader = iam.Role(
            self,
            "GraphReader",
            role_name=self.stage.role_name(self.service, "GraphReader"),
            description="What AppSync reads the order view as",
            assumed_by=service_of_this_account(self, "appsync.amazonaws.com"),
        )
        reader.add_to_policy(
            iam.PolicyStatement(actions=["dynamodb:GetItem"], resources=[self.order_view.table_arn])
        )
        self.key.grant_decrypt(reader)
        self.publish("graph-fields-arn", graph_fields.function_arn)
        self.publish("graph-reader-arn", reader.role_arn)
        self.publish("order-view-table-name", self.order_view.table_name)
