"""Sales by day: a read model that counts, and the function that colleagues ask."""

from typing import Any

from constructs import Construct

from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.read_model import ReadModel
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import Backup, ServiceTable, text
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="sales",
    owner="commercial",
    purpose="what was sold, by day and currency",
    views=("sales",),
)


class SalesStack(ServiceStack):
    """The gate of an order and the counters that it moves change in one transaction."""

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        self.key = self.make_key()
        self.sales = ServiceTable(
            self,
            "Sales",
            key=self.key,
            partition_key=text("pk"),
            sort_key=text("sk"),
            backup=Backup.NEVER,
        )
        ReadModel(
            self,
            "ProjectSales",
            table=self.sales,
            variable="SALES_TABLE",
            handler="project_sales",
            description="Counts sales by day",
            writes=["dynamodb:UpdateItem"],
        )
        sales_by_day = MicroserviceFunction(
            self,
            "SalesByDay",
            handler="sales_by_day",
            description="Tells colleagues a day's totals",
            environment={"SALES_TABLE": self.sales.table_name},
        )
        grant(sales_by_day, "dynamodb:GetItem", "dynamodb:Query", on=self.sales.table_arn)
        self.key.grant_decrypt(sales_by_day)
        self.publish("sales-by-day-arn", sales_by_day.function_arn)
