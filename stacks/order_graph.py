"""The GraphQL API of orders: joins what their owners publish, and keeps nothing of its own."""

from pathlib import Path
from typing import Any

from aws_cdk import Duration, Fn, RemovalPolicy
from aws_cdk import aws_appsync as appsync
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from aws_cdk.region_info import RegionInfo
from constructs import Construct

from contracts.messages import sources_of
from stacks import partitions
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.alarms import alarm_on
from stacks.constructs.bus import bus_of
from stacks.constructs.service_principal import service_of_this_account
from stacks.constructs.service_queue import RETENTION, let_service_use
from stacks.constructs.service_stack import ServiceStack
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="order-graph",
    owner="experience",
    purpose="orders by GraphQL",
    also_owns=("resolvers/", "contracts/graphql/"),
)
CHECKOUT = Path(__file__).parents[1]
SCHEMA = CHECKOUT / "contracts" / "graphql" / "orders.graphql"
RESOLVERS = CHECKOUT / "resolvers"
SHARED = "shared"
TABLE, FUNCTION, NOTHING = "OrderView", "GraphFields", "Nothing"
FIELDS = {
    ("Query", "me"): ("me", TABLE),
    ("Customer", "order"): ("order", TABLE),
    ("Customer", "orders"): ("orders", FUNCTION),
    ("Order", "lines"): ("lines", FUNCTION),
    ("Order", "history"): ("history", FUNCTION),
    ("Subscription", "orderChanged"): ("changed", FUNCTION),
    ("Mutation", "publishOrderChange"): ("published", NOTHING),
}
"""The resolver's file of each field that has one, and what it reads."""
CHANGES = ("OrderPlaced", "OrderConfirmed", "OrderRejected", "OrderCancelled")
CHANGE = {
    "id": "aggregate_id",
    "version": "version",
    "type": "type",
    "occurredAt": "occurred_at",
}
"""The fields of an envelope that tell of a change; no other one leaves the system this way."""
PUBLISH = """mutation Publish(
  $source: String!, $id: ID!, $version: Int!, $type: String!, $occurredAt: AWSDateTime!
) {
  publishOrderChange(
    source: $source, id: $id, version: $version, type: $type, occurredAt: $occurredAt
  ) { id version type occurredAt }
}"""
TRIES = 5
TRIED_FOR = Duration.minutes(5)
MOST_LEVELS = 5
"""Of fields within fields: the schema has four."""
MOST_RESOLVERS = 50
"""In one request: me, a list and sixteen orders with lines and history. Each is a read or a call,
so this is what a request may cost, however many aliases it has."""


class OrderGraphStack(ServiceStack):
    """Two ways to data: an order's attributes straight from the view, the rest by a function."""

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        self.api = self._make_api()
        self.schema = appsync.CfnGraphQLSchema(
            self, "Schema", api_id=self.api.attr_api_id, definition=SCHEMA.read_text("utf-8")
        )
        self._end_what_is_logged()
        for source in (self._order_view(), self._graph_fields(), self._nothing()):
            for (type_name, field), (file, read) in FIELDS.items():
                if read == source.name:
                    self._resolve(type_name, field, file, source)
        self._publish_changes()
        self._tell_when_it_fails()
        self.publish("graphql-url", self.api.attr_graph_ql_url)

    @classmethod
    def is_in(cls, stage: Stage) -> bool:
        """Where there is AppSync, and a user pool whose tokens it judges."""
        partition = RegionInfo.get(stage.region).partition
        assert partition
        has_appsync = partitions.GRAPHQL not in partitions.PARTITIONS[partition].left_out
        return has_appsync and stage.token_authorizer_arn is None

    def _make_api(self) -> appsync.CfnGraphQLApi:
        pool_arn = self.find("identity", "user-pool-arn")
        self.log_role = iam.Role(
            self,
            "LogRole",
            role_name=self.stage.role_name(self.service, "Log"),
            description="What AppSync writes its log as",
            assumed_by=service_of_this_account(self, "appsync.amazonaws.com"),
        )
        api = appsync.CfnGraphQLApi(
            self,
            "Api",
            name=SERVICE.stack_name(self.stage.name),
            authentication_type="AMAZON_COGNITO_USER_POOLS",
            user_pool_config=appsync.CfnGraphQLApi.UserPoolConfigProperty(
                user_pool_id=Fn.select(1, Fn.split("/", pool_arn)),
                aws_region=self.region,
                default_action="ALLOW",  # which fields, the resolvers decide
            ),
            additional_authentication_providers=[  # for the rule that publishes changes
                appsync.CfnGraphQLApi.AdditionalAuthenticationProviderProperty(
                    authentication_type="AWS_IAM"
                )
            ],
            query_depth_limit=MOST_LEVELS,
            resolver_count_limit=MOST_RESOLVERS,
            introspection_config="DISABLED" if self.stage.name == "prod" else "ENABLED",
            xray_enabled=True,
            log_config=appsync.CfnGraphQLApi.LogConfigProperty(
                cloud_watch_logs_role_arn=self.log_role.role_arn,
                field_log_level="ERROR",
                exclude_verbose_content=True,
            ),
        )
        acknowledge(
            api,
            "Errors of fields are logged. What else would be are headers and arguments of each "
            "request, and so tokens, and what a customer wanted to know.",
            "AwsSolutions-ASC3",
        )
        return api

    def _end_what_is_logged(self) -> None:
        """AppSync would make this group itself when it first logs, and keep it for ever."""
        group = logs.LogGroup(
            self,
            "ApiLog",
            log_group_name=f"/aws/appsync/apis/{self.api.attr_api_id}",
            retention=self.stage.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        group.grant_write(self.log_role)

    def _order_view(self) -> appsync.CfnDataSource:
        """The owner's table, as a role of the owner's that may read an item of it."""
        return appsync.CfnDataSource(
            self,
            "OrderViewSource",
            api_id=self.api.attr_api_id,
            name=TABLE,
            type="AMAZON_DYNAMODB",
            dynamo_db_config=appsync.CfnDataSource.DynamoDBConfigProperty(
                aws_region=self.region,
                table_name=self.find("order-views", "order-view-table-name"),
            ),
            service_role_arn=self.find("order-views", "graph-reader-arn"),
        )

    def _graph_fields(self) -> appsync.CfnDataSource:
        function_arn = self.find("order-views", "graph-fields-arn")
        role = iam.Role(
            self,
            "CallGraphFields",
            role_name=self.stage.role_name(self.service, "CallGraphFields"),
            description="What AppSync calls order views' function as",
            assumed_by=service_of_this_account(self, "appsync.amazonaws.com"),
        )
        role.add_to_policy(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[function_arn])
        )
        return appsync.CfnDataSource(
            self,
            "GraphFieldsSource",
            api_id=self.api.attr_api_id,
            name=FUNCTION,
            type="AWS_LAMBDA",
            lambda_config=appsync.CfnDataSource.LambdaConfigProperty(
                lambda_function_arn=function_arn
            ),
            service_role_arn=role.role_arn,
        )

    def _nothing(self) -> appsync.CfnDataSource:
        """For a field that reads nothing: what it is given is its answer."""
        return appsync.CfnDataSource(
            self, "NothingSource", api_id=self.api.attr_api_id, name=NOTHING, type="NONE"
        )

    def _publish_changes(self) -> None:
        """What orders say on the bus becomes a mutation, which AppSync sends to who subscribed.

        Who is told nothing reads the order: so a change is tried for some minutes, and then kept
        with the dead letters for whoever asks why.
        """
        self.key = self.make_key()
        let_service_use(self.key, "events.amazonaws.com", self.account)
        self.dead_letters = sqs.Queue(
            self,
            "ChangesDeadLetters",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=self.key,
            enforce_ssl=True,
            retention_period=RETENTION,
        )
        acknowledge(
            self.dead_letters,
            "It is a dead-letter queue, of a rule of the bus.",
            "AwsSolutions-SQS3",
        )
        alarm_on(
            self,
            "ChangesDeadLettersWait",
            what="messages wait in Changes",
            metric=self.dead_letters.metric_approximate_number_of_messages_visible(
                statistic="Maximum", period=Duration.minutes(1)
            ),
        )
        role = iam.Role(
            self,
            "PublishChanges",
            role_name=self.stage.role_name(self.service, "PublishChanges"),
            description="What the bus publishes changes of orders as",
            assumed_by=service_of_this_account(self, "events.amazonaws.com"),
        )
        (source,) = {it for type in CHANGES for it in sources_of(type)}
        events.Rule(
            self,
            "Changes",
            event_bus=bus_of(self),
            description=f"{self.service}: {', '.join(CHANGES)}",
            event_pattern=events.EventPattern(detail_type=list(CHANGES), source=[source]),
            targets=[
                targets.AppSync(
                    self._as_target(),
                    graph_ql_operation=PUBLISH,
                    variables=events.RuleTargetInput.from_object(
                        {
                            "source": events.EventField.from_path("$.source"),
                            **{
                                name: events.EventField.from_path(f"$.detail.{path}")
                                for name, path in CHANGE.items()
                            },
                        }
                    ),
                    event_role=role,
                    dead_letter_queue=self.dead_letters,
                    retry_attempts=TRIES,
                    max_event_age=TRIED_FOR,
                )
            ],
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["appsync:GraphQL"],
                resources=[f"{self.api.attr_arn}/types/Mutation/fields/publishOrderChange"],
            )
        )

    def _as_target(self) -> appsync.IGraphqlApi:
        """Rules know an API by the ARN of its endpoint, whose id is the first part of its host."""
        host = Fn.select(2, Fn.split("/", self.api.attr_graph_ql_url))
        return appsync.GraphqlApi.from_graphql_api_attributes(
            self,
            "AsTarget",
            graphql_api_id=self.api.attr_api_id,
            graphql_api_arn=self.api.attr_arn,
            graph_ql_endpoint_arn=self.format_arn(
                service="appsync",
                resource="endpoints/graphql-api",
                resource_name=Fn.select(0, Fn.split(".", host)),
            ),
            modes=[appsync.AuthorizationType.IAM],
        )

    def _resolve(
        self, type_name: str, field: str, file: str, source: appsync.CfnDataSource
    ) -> None:
        resolver = appsync.CfnResolver(
            self,
            f"{type_name}{field.title()}",
            api_id=self.api.attr_api_id,
            type_name=type_name,
            field_name=field,
            data_source_name=source.name,
            kind="UNIT",
            runtime=appsync.CfnResolver.AppSyncRuntimeProperty(
                name="APPSYNC_JS", runtime_version="1.0.0"
            ),
            code=resolver_code(file),
        )
        resolver.add_resource_dependency(self.schema)
        resolver.add_resource_dependency(source)

    def _tell_when_it_fails(self) -> None:
        """The counterpart of what every REST API has."""
        alarm_on(
            self,
            "Fails",
            what="the API answers with errors of ours",
            metric=cloudwatch.Metric(
                namespace="AWS/AppSync",
                metric_name="5XXError",
                dimensions_map={"GraphQLAPIId": self.api.attr_api_id},
                statistic="Sum",
                period=Duration.minutes(1),
            ),
            more_than=5,
        )


def resolver_code(file: str) -> str:
    """A resolver as it is deployed: with what all of them share before it."""
    parts = (RESOLVERS / f"{it}.js" for it in (SHARED, file))
    return "\n".join(it.read_text("utf-8") for it in parts)
