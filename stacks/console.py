"""The console: what operators see of the system in a browser, and the way in."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from stacks.console_api import ConsoleApi
from stacks.console_login import READ, OperatorsLogin
from stacks.constructs.microservice_function import MicroserviceFunction, grant
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

    def _function(self, id: str, handler: str, description: str) -> MicroserviceFunction:
        return MicroserviceFunction(
            self,
            id,
            handler=handler,
            description=description,
            timeout=RECORDING,
            environment={"ACTIVITY_TABLE": self.activity.table_name},
        )
