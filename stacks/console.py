"""The console: what operators see of the system in a browser, and the way in."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from contracts.product import PRODUCT
from stacks.console_api import ConsoleApi
from stacks.console_login import READ, OperatorsLogin
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_card import path_of_cards
from stacks.constructs.service_queue import ServiceQueue
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import ServiceTable, text
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="console",
    owner="platform",
    purpose="what operators see and do in a browser",
)
BY_TIME = "by-time"
"""The table's index of messages and orders by hour."""
RECORDING = Duration.seconds(10)
ASKING = Duration.seconds(15)
"""Owners are asked twice at most, five seconds each time."""


class ConsoleStack(ServiceStack):
    """It owns a table of what the bus carried lately, and no right on anybody else's."""

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        self.key = self.make_key()
        self.activity = ServiceTable(
            self,
            "Activity",
            key=self.key,
            partition_key=text("id"),
            indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=BY_TIME,
                    partition_key=text("kept_in"),
                    sort_key=text("kept_at"),
                )
            ],
            time_to_live_attribute="expires_at",
            recovery_days=1,
        )
        self._record_what_the_bus_carries()
        self.api = ConsoleApi(self, rate=50, burst=100)
        self.login = OperatorsLogin(self, "Login", app_url=self.api.url)
        self.api.admit(self.login.pool)
        self.publish("operators-pool-name", self.login.pool.user_pool_id)
        self._show_files()
        self._show_activity()
        self._show_an_orders_past()
        self._show_services()

    @classmethod
    def is_in(cls, stage: Stage) -> bool:
        return stage.token_authorizer_arn is None

    def _record_what_the_bus_carries(self) -> None:
        heard = ServiceQueue(self, "Heard", key=self.key, worker_timeout=RECORDING)
        heard.hear_everything("Everything")
        record = self._function(
            "RecordActivity", "record_activity", "Keeps for a day what the bus carries"
        )
        grant(record, "dynamodb:BatchGetItem", "dynamodb:PutItem", on=self.activity.table_arn)
        heard.consumed_by(record, max_concurrency=10)

    def _show_files(self) -> None:
        assets = MicroserviceFunction(
            self,
            "Assets",
            handler="assets",
            description="Shows the app's files",
            environment={
                "ENVIRONMENT": self.stage.name,
                "LOGIN_URL": self.login.url,
                "CLIENT_ID": self.login.client.user_pool_client_id,
            },
        )
        self.api.show_files(assets)

    def _show_activity(self) -> None:
        pulse = self._function("Pulse", "pulse", "Tells what the bus carried since")
        pulse.add_environment("ENVIRONMENT", self.stage.name)
        orders = self._function("Orders", "list_orders", "Lists the orders of a day")
        for path, function in (("/v1/pulse", pulse), ("/v1/orders", orders)):
            grant(function, "dynamodb:Query", on=f"{self.activity.table_arn}/index/{BY_TIME}")
            self.key.grant_decrypt(function)
            self.api.route("GET", path, function, scope=self.login.scopes[READ])

    def _show_an_orders_past(self) -> None:
        owners = {
            "READ_EVENTS_ARN": self.find("orders", "read-events-arn"),
            "SHOW_SAGAS_ARN": self.find("fulfilment", "show-sagas-arn"),
            "SHOW_NOTIFICATIONS_ARN": self.find("notifications", "show-notifications-arn"),
        }
        timeline = self._asks_owners("Timeline", "timeline", "Tells an order's past", owners)
        self._route("/v1/orders/{order_id}/timeline", timeline)

    def _show_services(self) -> None:
        owners = {"SHOW_SAGAS_ARN": self.find("fulfilment", "show-sagas-arn")}
        inspect = self._asks_owners(
            "Inspect", "inspect", "Tells of services and their work", owners
        )
        for path in ("services", "consumers", "consumers/{name}/parked", "sagas"):
            self._route(f"/v1/{path}", inspect)

    def _asks_owners(
        self, id: str, handler: str, description: str, owners: Mapping[str, str]
    ) -> MicroserviceFunction:
        """A function with no right on any data: it calls what owners let operators look with.

        Which consumers of the log there are it reads in their services' cards while it runs, so
        that a service more changes nothing here.
        """
        function = MicroserviceFunction(
            self,
            id,
            handler=handler,
            description=description,
            timeout=ASKING,
            environment={"CARDS_PATH": path_of_cards(self.stage), **owners},
        )
        here = f"{self.region}:{self.account}"
        looks = f"function:{PRODUCT}-{self.stage.name}-*Show*"
        cards = f"arn:{self.partition}:ssm:{here}:parameter{path_of_cards(self.stage)}"
        shows = f"arn:{self.partition}:lambda:{here}:{looks}"
        grant(function, "lambda:InvokeFunction", on=[*owners.values(), shows])
        grant(function, "ssm:GetParametersByPath", on=[cards, f"{cards}/*"])
        assert function.role
        known = f"{self.region}:<AWS::AccountId>"
        acknowledge(
            function.role,
            "Who follows the log is read in the services' cards while it runs; functions of that "
            "name only look, which a rule of the templates holds.",
            f"AwsSolutions-IAM5[Resource::arn:{self.partition}:lambda:{known}:{looks}]",
            f"AwsSolutions-IAM5[Resource::arn:{self.partition}:ssm:{known}:parameter"
            f"{path_of_cards(self.stage)}/*]",
        )
        return function

    def _route(self, path: str, function: MicroserviceFunction) -> None:
        self.api.route("GET", path, function, scope=self.login.scopes[READ])

    def _function(self, id: str, handler: str, description: str) -> MicroserviceFunction:
        return MicroserviceFunction(
            self,
            id,
            handler=handler,
            description=description,
            timeout=RECORDING,
            environment={"ACTIVITY_TABLE": self.activity.table_name},
        )
