"""The console: what operators see of the system in a browser, and the way in."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Duration
from constructs import Construct

from contracts.product import PRODUCT
from stacks.console_api import ConsoleApi
from stacks.console_login import OPERATE, READ, OperatorsLogin
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_card import path_of_cards
from stacks.constructs.service_queue import ServiceQueue
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import Backup, ServiceTable, text
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="console",
    owner="platform",
    purpose="what operators see and do in a browser",
    operator_scopes={
        "console/read": "Look at the system",
        "console/operate": "Change what runs",
    },
)
RECORDING = Duration.seconds(10)
ASKING = Duration.seconds(15)
"""Owners are asked twice at most, five seconds each time."""
OPERATING = Duration.seconds(29)
"""As long as API Gateway waits."""
LOOKS = "Show"
"""What a function is called that operators only look with."""
CHANGES = ("Redrive", "Change")
"""What one is called that operators change something with."""


class ConsoleStack(ServiceStack):
    """It owns a table of what the bus carried lately, and no right on anybody else's."""

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        self.key = self.make_key()
        self.activity = ServiceTable(
            self,
            "Activity",
            key=self.key,
            partition_key=text("kept_in"),
            sort_key=text("kept_at"),
            time_to_live_attribute="expires_at",
            recovery_days=1,
            backup=Backup.NEVER,
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
        self._operate()
        self._show_configuration()

    @classmethod
    def is_in(cls, stage: Stage) -> bool:
        return stage.token_authorizer_arn is None

    def _record_what_the_bus_carries(self) -> None:
        heard = ServiceQueue(self, "Heard", key=self.key, worker_timeout=RECORDING)
        heard.hear_everything("Everything")
        record = MicroserviceFunction(
            self,
            "RecordActivity",
            handler="record_activity",
            description="Keeps for a day what the bus carries",
            timeout=RECORDING,
            begin_traces=False,
            environment={"ACTIVITY_TABLE": self.activity.table_name},
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
        grant(orders, "dynamodb:BatchGetItem", on=self.activity.table_arn)
        for path, function in (("/v1/pulse", pulse), ("/v1/orders", orders)):
            grant(function, "dynamodb:Query", on=self.activity.table_arn)
            self.key.grant_decrypt(function)
            self.api.route("GET", path, function, scope=self.login.scopes[READ])

    def _show_an_orders_past(self) -> None:
        owners = {
            "READ_EVENTS_ARN": self.find("orders", "read-events-arn"),
            "SHOW_SAGAS_ARN": self.find("fulfilment", "show-sagas-arn"),
            "SHOW_NOTIFICATIONS_ARN": self.find("notifications", "show-notifications-arn"),
            "SHOW_ARCHIVE_ARN": self.find("event-log", "show-archive-arn"),
        }
        timeline = self._asks_owners("Timeline", "timeline", "Tells an order's past", owners)
        self._route("/v1/orders/{order_id}/timeline", timeline)

    def _show_services(self) -> None:
        owners = {
            "SHOW_SAGAS_ARN": self.find("fulfilment", "show-sagas-arn"),
            "SHOW_LOG_ARN": self.find("event-log", "show-log-arn"),
            "SHOW_QUOTES_ARN": self.find("shipping", "show-quotes-arn"),
            "SHOW_ALARMS_ARN": self.find("event-log", "show-alarms-arn"),
            "SHOW_RELEASES_ARN": self.find("releases", "show-releases-arn"),
        }
        inspect = self._asks_owners(
            "Inspect", "inspect", "Tells of services and their work", owners
        )
        for path in ("services", "consumers", "consumers/{name}/parked", "views", "log"):
            self._route(f"/v1/{path}", inspect)
        for path in ("sagas", "sagas/{order_id}", "alarms", "queues", "releases"):
            self._route(f"/v1/{path}", inspect)

    def _operate(self) -> None:
        """The one function that calls what changes something, and the only one that may."""
        owners = {
            "SHOW_SAGAS_ARN": self.find("fulfilment", "show-sagas-arn"),
            "RESUME_ARN": self.find("fulfilment", "resume-arn"),
        }
        operate = self._calls_what_owners_publish(
            "Operate", "operate", "Changes what operators have planned", owners, OPERATING, CHANGES
        )
        operate.add_environment("ACTIVITY_TABLE", self.activity.table_name)
        grant(operate, "dynamodb:PutItem", on=self.activity.table_arn)
        self.key.grant_encrypt_decrypt(operate)
        views = (f"views/{{name}}/{it}" for it in ("rebuild", "back", "retire"))
        consumers = (f"consumers/{{name}}/{it}" for it in ("redrive", "discard", "park"))
        others = (
            "sagas/{order_id}/resume",
            "configuration/{service}/{profile}/stop",
            "queues/{service}/{name}/redrive",
        )
        for path in (*consumers, *views, *others):
            self.api.route("POST", f"/v1/{path}", operate, scope=self.login.scopes[OPERATE])

    def _show_configuration(self) -> None:
        configuration = self._asks_owners(
            "Configuration", "configuration", "Tells what services are told while they run", {}
        )
        self._route("/v1/configuration", configuration)

    def _asks_owners(
        self, id: str, handler: str, description: str, owners: Mapping[str, str]
    ) -> MicroserviceFunction:
        return self._calls_what_owners_publish(id, handler, description, owners, ASKING, ())

    def _calls_what_owners_publish(
        self,
        id: str,
        handler: str,
        description: str,
        owners: Mapping[str, str],
        timeout: Duration,
        changes: Sequence[str],
    ) -> MicroserviceFunction:
        """A function with no right on any data: it calls what owners let operators look with, and
        what has one of the names of ``changes``.

        Which consumers of the log there are it reads in their services' cards while it runs, so
        that a service more changes nothing here.
        """
        function = MicroserviceFunction(
            self,
            id,
            handler=handler,
            description=description,
            timeout=timeout,
            environment={"CARDS_PATH": path_of_cards(self.stage), **owners},
        )
        here = f"{self.region}:{self.account}"
        names = [f"function:{PRODUCT}-{self.stage.name}-*{it}*" for it in (LOOKS, *changes)]
        cards = f"arn:{self.partition}:ssm:{here}:parameter{path_of_cards(self.stage)}"
        called = [f"arn:{self.partition}:lambda:{here}:{it}" for it in names]
        grant(function, "lambda:InvokeFunction", on=[*owners.values(), *called])
        grant(function, "ssm:GetParametersByPath", on=[cards, f"{cards}/*"])
        assert function.role
        known = f"{self.region}:<AWS::AccountId>"
        acknowledge(
            function.role,
            "Who follows the log is read in the services' cards while it runs; what functions of "
            "such a name do, and who may call them, a rule of the templates holds.",
            *(
                f"AwsSolutions-IAM5[Resource::arn:{self.partition}:lambda:{known}:{it}]"
                for it in names
            ),
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
