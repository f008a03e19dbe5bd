"""A fault for each rule, planted into a copy of the templates: the rule has to find it."""

from collections.abc import Callable
from functools import cache
from typing import Any

from contracts.product import PRODUCT, PRODUCT_TITLE
from tests.infra.rules import (
    Rule,
    bus,
    configuration,
    consumers,
    cost,
    data,
    deliveries,
    deployment,
    permissions,
    places,
    secrets,
    variables,
)
from tests.infra.system import System, synthesized

Plant = Callable[[System], None]
Body = dict[str, Any]

TABLE = "AWS::DynamoDB::GlobalTable"
CHANGES_BY_NAME = f"arn:aws:lambda:eu-west-1:1:function:{PRODUCT}-prod-*Redrive*"
DEAD_LETTERS = "{payments:CommandsDeadLetters83B72B42.Arn}"
RESUME = f"arn:aws:lambda:eu-west-1:1:function:{PRODUCT}-prod-fulfilment-Resume*"
ROLE = "AWS::IAM::Role"


def finds(rule: Rule, plant: Plant) -> bool:
    """Whether a rule finds in prod what is planted there, and does not find without it."""
    faulty = synthesized("prod").to_be_changed()
    plant(faulty)
    return bool(set(rule(faulty)) - _found_without_a_fault(rule))


@cache
def _found_without_a_fault(rule: Rule) -> frozenset[str]:
    return frozenset(rule(synthesized("prod")))


def body(system: System, service: str, type: str, id: str = "") -> Body:
    """The first resource of a service's template of that type, whose logical id begins so."""
    for found, resource in system.templates[service].body["Resources"].items():
        if resource["Type"] == type and found.startswith(id):
            return resource  # type: ignore[no-any-return]
    raise LookupError(f"{service} has no {type} {id}...")


def set_property(service: str, type: str, name: str, value: Any, id: str = "") -> Plant:
    """Give a property another value; None takes it away."""

    def plant(system: System) -> None:
        properties = body(system, service, type, id)["Properties"]
        if value is None:
            del properties[name]
        else:
            properties[name] = value

    return plant


def set_variable(service: str, name: str, value: str, id: str = "") -> Plant:
    """Give a function of a service, or its first one, an environment variable."""

    def plant(system: System) -> None:
        function = body(system, service, FUNCTION, id)
        function["Properties"]["Environment"]["Variables"][name] = value

    return plant


def allow(service: str, role: str, action: str, resource: Any) -> Plant:
    """Allow a role one thing more."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}

    def plant(system: System) -> None:
        body(system, service, "AWS::IAM::Policy", role)["Properties"]["PolicyDocument"][
            "Statement"
        ].append(statement)

    return plant


def allow_nothing(service: str, role: str) -> Plant:
    """Take a role all that it may."""

    def plant(system: System) -> None:
        policy = body(system, service, "AWS::IAM::Policy", role)["Properties"]
        policy["PolicyDocument"]["Statement"] = []

    return plant


def admit_nobody(service: str, type: str, document: str, principal: str, id: str = "") -> Plant:
    """Take a service out of a resource's policy."""

    def plant(system: System) -> None:
        policy = body(system, service, type, id)["Properties"][document]
        policy["Statement"] = [
            it for it in policy["Statement"] if principal not in str(it.get("Principal"))
        ]

    return plant


def remove(service: str, type: str, id: str = "") -> Plant:
    """Take a resource out."""

    def plant(system: System) -> None:
        resources: Any = system.templates[service].body["Resources"]
        gone = body(system, service, type, id)
        for name in [name for name, it in resources.items() if it is gone]:
            del resources[name]

    return plant


def add(service: str, resource: Body) -> Plant:
    """Put a resource in."""

    def plant(system: System) -> None:
        resources: Any = system.templates[service].body["Resources"]
        resources["Planted"] = resource

    return plant


def forbid(service: str, role: str, action: str) -> Plant:
    """Take an action out of a role's policies."""

    def plant(system: System) -> None:
        policy = body(system, service, "AWS::IAM::Policy", role)["Properties"]["PolicyDocument"]
        for statement in policy["Statement"]:
            if isinstance(statement["Action"], list):
                statement["Action"] = [it for it in statement["Action"] if it != action]

    return plant


def trust_for_anybody(service: str, role: str) -> Plant:
    """Let a service of AWS take a role whoever it works for."""

    def plant(system: System) -> None:
        trust = body(system, service, ROLE, role)["Properties"]["AssumeRolePolicyDocument"]
        del trust["Statement"][0]["Condition"]

    return plant


def delete_with_the_stack(service: str, type: str, id: str = "") -> Plant:
    """Let a resource go with its stack."""

    def plant(system: System) -> None:
        body(system, service, type, id)["DeletionPolicy"] = "Delete"

    return plant


def share_a_role(system: System) -> None:
    """Let one function run with another's role."""
    of_another = body(system, "orders", "AWS::Lambda::Function", "Relay")["Properties"]["Role"]
    body(system, "orders", "AWS::Lambda::Function", "PlaceOrder")["Properties"]["Role"] = of_another


def name_a_role_freely(system: System) -> None:
    """Take a function's role its reserved name."""
    body(system, "orders", ROLE, "RelayRole")["Properties"]["RoleName"] = "relay"


def depend_both_ways(system: System) -> None:
    """Let the event log read a parameter of orders, which reads some of the event log."""
    template: Any = system.templates["event-log"]
    name = f"/{PRODUCT}/{system.environment}/orders/read-events-arn"
    template.body.setdefault("Parameters", {})["Planted"] = {
        "Type": "AWS::SSM::Parameter::Value<String>",
        "Default": name,
    }


def read_what_nobody_writes(system: System) -> None:
    """Misspell a parameter."""
    parameters: Any = system.templates["orders"].body["Parameters"]
    for parameter in parameters.values():
        parameter["Default"] = parameter["Default"].replace("event-stream-arn", "event-strem-arn")


def export_something(system: System) -> None:
    """Export a value to other stacks."""
    template: Any = system.templates["orders"]
    template.body.setdefault("Outputs", {})["Planted"] = {
        "Value": "x",
        "Export": {"Name": "planted"},
    }


def turn_termination_protection(system: System) -> None:
    """On where it is off, and off where it is on."""
    properties: Any = system.templates["orders"].properties
    properties["terminationProtection"] = not properties.get("terminationProtection", False)


def turn_deletion_policy(system: System) -> None:
    """Keep what should go, or delete what should stay."""
    stream = body(system, "event-log", "AWS::Kinesis::Stream")
    stream["DeletionPolicy"] = "Delete" if stream["DeletionPolicy"] == "Retain" else "Retain"


def change_replication(**changes: Any) -> Plant:
    """Give the archive's one rule of replication other values."""

    def plant(system: System) -> None:
        archive = body(system, "event-log", BUCKET, "ArchiveDA")["Properties"]
        archive["ReplicationConfiguration"]["Rules"][0] |= changes

    return plant


def keep_the_copy_here(system: System) -> None:
    """Keep the archive's copy in the region that may be lost."""
    places: Any = system.places
    places["archive-replica"] = system.region


def judge_by_an_old_schema(system: System) -> None:
    """Give AppConfig a schema that is not the published one."""
    (syntax, _) = body(system, "orders", CONFIGURATION)["Properties"]["Validators"]
    syntax["Content"] = syntax["Content"].replace("draft-04", "draft-07")


def watch_by_too_many(system: System) -> None:
    """Watch rollouts by more alarms than AppConfig takes."""
    environment = body(system, "orders", "AWS::AppConfig::Environment")["Properties"]
    environment["Monitors"] = environment["Monitors"] * 3


def watch_by_somebody_elses_alarm(system: System) -> None:
    """Call a rollout back when another service has trouble."""
    environment = body(system, "orders", "AWS::AppConfig::Environment")["Properties"]
    environment["Monitors"][0]["AlarmArn"] = "{payments:CircuitOpens.Arn}"


def measure_nothing(system: System) -> None:
    """Point the alarm of the dead letters at something else."""
    body(system, "orders", "AWS::CloudWatch::Alarm", "CommandsDeadLetters")["Properties"][
        "Dimensions"
    ] = []


def silence(service: str, function: str) -> Plant:
    """Take a function the alarms on its errors."""

    def plant(system: System) -> None:
        for resource in system.templates[service].body["Resources"].values():
            properties = resource.get("Properties", {})
            if properties.get("MetricName") == "Errors" and function in str(properties):
                properties["MetricName"] = "Invocations"

    return plant


def read_the_log_once_more(system: System) -> None:
    """Let many functions read the event log."""
    resources: Any = system.templates["order-views"].body["Resources"]
    mapping = body(system, "order-views", "AWS::Lambda::EventSourceMapping")
    resources |= {f"Planted{number}": mapping for number in range(4)}


def speak_as(source: str | None) -> Plant:
    """Let inventory put events with another source; None: with any."""

    def plant(system: System) -> None:
        policy = body(system, "inventory", POLICY, "QueuedCommands")["Properties"]
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Action"] == "events:PutEvents":
                statement["Condition"] = {"StringEquals": {"events:source": source}}
                if source is None:
                    del statement["Condition"]

    return plant


def hear(service: str, rule: str, **pattern: Any) -> Plant:
    """Change what a rule on the bus asks for; None takes a part of it away."""

    def plant(system: System) -> None:
        asked = body(system, service, EVENT_RULE, rule)["Properties"]["EventPattern"]
        for name, value in pattern.items():
            asked.pop(name.replace("_", "-"), None)
            if value is not None:
                asked[name.replace("_", "-")] = value

    return plant


def know(service: str, function: str, sources: str | None) -> Plant:
    """Give a worker another knowledge of whose messages count."""

    def plant(system: System) -> None:
        worker = body(system, service, FUNCTION, function)["Properties"]
        worker["Environment"]["Variables"].pop("MESSAGE_SOURCES")
        if sources is not None:
            worker["Environment"]["Variables"]["MESSAGE_SOURCES"] = sources

    return plant


def deliver_details_alone(system: System) -> None:
    """Let a rule leave an event's source behind."""
    targets = body(system, "fulfilment", EVENT_RULE, "RepliesCommandReplied")["Properties"]
    targets["Targets"][0]["InputPath"] = "$.detail"


def send_to_the_replies(system: System) -> None:
    """Let who sends commands also send replies."""
    queue = body(system, "fulfilment", EVENT_RULE, "RepliesCommandReplied")["Properties"]
    arn = queue["Targets"][0]["Arn"]
    allow("fulfilment", "SendCommand", "sqs:SendMessage", arn)(system)


def share_a_backlog(system: System) -> None:
    """Let payments work through the queue of inventory."""
    mapping = body(system, "payments", MAPPING)["Properties"]
    mapping["EventSourceArn"] = "{inventory:CommandsQueueDE7D76FB.Arn}"


def give_a_queue_away(system: System) -> None:
    """Let another team own one resource of a stack."""
    tags = body(system, "orders", QUEUE)["Properties"]["Tags"]
    next(it for it in tags if it["Key"] == "owner")["Value"] = "warehouse"


def untag_a_replica(system: System) -> None:
    """A table's tags are on its replicas."""
    body(system, "orders", TABLE)["Properties"]["Replicas"][0]["Tags"] = []


def unprotect_a_replica(system: System) -> None:
    """Point-in-time recovery is each replica's own."""
    del body(system, "orders", TABLE)["Properties"]["Replicas"][0][
        "PointInTimeRecoverySpecification"
    ]


def forget_a_reader(system: System) -> None:
    """Let a secret's policy refuse a function that reads it."""
    policy = body(system, "signing", SECRETS_POLICY)["Properties"]["ResourcePolicy"]
    del policy["Statement"][0]["Condition"]["ArnNotLike"]["aws:PrincipalArn"][1]


def admit_a_stranger(system: System) -> None:
    """Let a secret's policy admit a function that does not read it."""
    policy = body(system, "signing", SECRETS_POLICY)["Properties"]["ResourcePolicy"]
    policy["Statement"][0]["Condition"]["ArnNotLike"]["aws:PrincipalArn"].append(
        f"arn:aws:iam::123456789012:role/{PRODUCT}-prod-eu-west-1-orders-CancelOrder"
    )


def take_the_key_away(system: System) -> None:
    """Let a function read a secret without the key that it is under."""
    role = body(system, "orders", "AWS::IAM::Policy", "PlaceOrder")["Properties"]
    statements = role["PolicyDocument"]["Statement"]
    role["PolicyDocument"]["Statement"] = [
        it for it in statements if "quotesigningkeyarn" not in str(it).lower()
    ]


def take_the_accounts_role_away(system: System) -> None:
    """Let a stack with an API be deployed before the account has a role for its logs."""
    shipping: Any = system.templates["shipping"]
    object.__setattr__(shipping, "depends_on", shipping.depends_on - {"account"})


def say_nothing_of_the_dns(system: System) -> None:
    """Take the outputs with the records of the mail's domain."""
    outputs: Any = system.templates["notifications"].body["Outputs"]
    outputs.clear()


def repeat_a_call(system: System) -> None:
    """Let EventBridge hand a scheduled call over again."""
    rule = body(system, "inventory", "AWS::Events::Rule", "EveryMinute")["Properties"]
    rule["Targets"][0]["RetryPolicy"] = {"MaximumRetryAttempts": 2}


ASYNCHRONOUS = "AWS::Lambda::EventInvokeConfig"
IDENTITY = "AWS::SES::EmailIdentity"
MAPPING = "AWS::Lambda::EventSourceMapping"
FUNCTION = "AWS::Lambda::Function"
POLICY = "AWS::IAM::Policy"
EVENT_RULE = "AWS::Events::Rule"
ALARM = "AWS::CloudWatch::Alarm"
QUEUE = "AWS::SQS::Queue"
BUCKET = "AWS::S3::Bucket"
KEY = "AWS::KMS::Key"
SECRETS_POLICY = "AWS::SecretsManager::ResourcePolicy"
ROTATION = "AWS::SecretsManager::RotationSchedule"
ARCHIVE = "AWS::Events::Archive"
CONFIGURATION = "AWS::AppConfig::ConfigurationProfile"
OTHERS_TABLE = "arn:aws:dynamodb:::table/{orders:EventStore165FCE28.Arn}"

PLANTED: tuple[tuple[Rule, str, Plant], ...] = (
    (
        permissions.only_relay_and_intake_put_records_on_the_log,
        "a function that answers requests writes it",
        allow("orders", "PlaceOrder", "kinesis:PutRecord", "*"),
    ),
    (
        permissions.only_relay_and_intake_put_records_on_the_log,
        "a projector writes what it reads",
        allow("order-views", "ProjectOrders", "kinesis:Put*", "*"),
    ),
    (
        permissions.a_table_belongs_to_one_service,
        "a query reads the event store",
        allow("order-views", "GetOrder", "dynamodb:Query", OTHERS_TABLE),
    ),
    (
        permissions.a_table_belongs_to_one_service,
        "a query reads every table",
        allow("order-views", "GetOrder", "dynamodb:Query", "*"),
    ),
    (permissions.every_function_has_a_role_of_its_own, "two share a role", share_a_role),
    (
        permissions.what_only_reads_cannot_write,
        "a query writes",
        allow("order-views", "GetOrder", "dynamodb:Update*", "{order-views:OrderView.Arn}"),
    ),
    (
        permissions.who_only_looks_changes_nothing,
        "what operators look with writes",
        allow("sales", "ShowRole", "dynamodb:PutItem", "{sales:Sales.Arn}"),
    ),
    (
        permissions.who_only_looks_changes_nothing,
        "what looks at the log takes more than turns",
        allow("event-log", "ShowLogRole", "dynamodb:PutItem", "{event-log:SeenFacts.Arn}"),
    ),
    (
        permissions.who_only_looks_changes_nothing,
        "what is named as for looking does more",
        set_property("sales", FUNCTION, "Handler", "sales.handlers.redrive.handler", "Show"),
    ),
    (
        permissions.dead_letters_are_read_by_their_owner_alone,
        "the console takes a letter of another service",
        allow("console", "OperateRole", "sqs:ReceiveMessage", DEAD_LETTERS),
    ),
    (
        permissions.dead_letters_are_read_by_their_owner_alone,
        "an owner's worker deletes letters",
        allow("payments", "QueuedCommandsRole", "sqs:DeleteMessage", DEAD_LETTERS),
    ),
    (
        permissions.what_operators_change_with_is_named_so,
        "what is named as for changes is another function",
        set_property("sales", FUNCTION, "Handler", "sales.handlers.show.handler", "Redrive"),
    ),
    (
        permissions.what_operators_change_with_is_named_so,
        "what changes something has the name of another function",
        set_property("sales", FUNCTION, "Handler", "sales.handlers.change_view.handler", "Show"),
    ),
    (
        permissions.only_operate_calls_what_operators_change_with,
        "who looks may change something by its name",
        allow("console", "InspectRole", "lambda:InvokeFunction", CHANGES_BY_NAME),
    ),
    (
        permissions.only_operate_calls_what_operators_change_with,
        "who looks may call every function",
        allow("console", "TimelineRole", "lambda:*", "arn:aws:lambda:eu-west-1:1:function:*"),
    ),
    (
        permissions.only_operate_calls_what_operators_change_with,
        "a service resumes another's saga",
        allow("sales", "ProjectSales", "lambda:InvokeFunction", RESUME),
    ),
    (
        permissions.a_star_needs_a_reason,
        "everything may be invoked",
        allow("order-views", "GetOrder", "lambda:InvokeFunction", "*"),
    ),
    (
        permissions.every_role_of_a_function_has_the_reserved_prefix,
        "a role has another name",
        name_a_role_freely,
    ),
    (
        bus.services_speak_in_their_own_name,
        "a worker speaks as anybody",
        speak_as(None),
    ),
    (
        bus.services_speak_in_their_own_name,
        "a worker speaks as somebody else",
        speak_as(f"{PRODUCT}.payments"),
    ),
    (
        bus.services_speak_in_their_own_name,
        "a query may put events",
        allow("order-views", "GetOrder", "events:*", "{event-log:BusEA82B648.Arn}"),
    ),
    (
        bus.rules_hear_a_message_from_its_owner_alone,
        "a rule asks for no source",
        hear("fulfilment", "RepliesCommandReplied", source=None),
    ),
    (
        bus.rules_hear_a_message_from_its_owner_alone,
        "a rule asks for one source too many",
        hear("inventory", "Sales", source=[f"{PRODUCT}.orders", f"{PRODUCT}.shipping"]),
    ),
    (
        bus.rules_hear_a_message_from_its_owner_alone,
        "a rule asks for every source but one",
        hear("event-log", "Facts", source=[{"anything-but": [f"{PRODUCT}.orders"]}]),
    ),
    (
        bus.rules_hear_a_message_from_its_owner_alone,
        "a rule hears every type",
        hear("event-log", "Facts", detail_type=None),
    ),
    (
        bus.rules_hear_a_message_from_its_owner_alone,
        "a rule hears what no schema knows",
        hear("inventory", "Sales", detail_type=["OrderInvented"]),
    ),
    (
        bus.who_hears_everything_only_keeps_it,
        "who hears everything may start something",
        allow("console", "RecordActivityRole", "states:StartExecution", "{fulfilment:Saga.Arn}"),
    ),
    (
        bus.who_hears_everything_only_keeps_it,
        "who hears everything may write another service's table",
        allow("console", "RecordActivityRole", "dynamodb:PutItem", "{sales:Sales.Arn}"),
    ),
    (
        bus.who_hears_everything_only_keeps_it,
        "another service's worker hears everything",
        hear("inventory", "Sales", source=[{"prefix": f"{PRODUCT}."}], detail_type=None),
    ),
    (
        bus.consumers_of_the_bus_look_at_the_source_again,
        "details come without their source",
        deliver_details_alone,
    ),
    (
        bus.consumers_of_the_bus_look_at_the_source_again,
        "a worker knows no sources",
        know("fulfilment", "TakeReply", None),
    ),
    (
        bus.consumers_of_the_bus_look_at_the_source_again,
        "a worker believes somebody else",
        know("inventory", "RecordSales", f'{{"OrderConfirmed": ["{PRODUCT}.payments"]}}'),
    ),
    (
        bus.rules_alone_fill_the_queues_that_hear_the_bus,
        "another service's worker may",
        send_to_the_replies,
    ),
    (
        bus.rules_alone_fill_the_queues_that_hear_the_bus,
        "another service's redrive may",
        allow(
            "payments",
            "RedriveQueuesRole",
            "sqs:SendMessage",
            "{notifications:EventsQueue7396B467.Arn}",
        ),
    ),
    (
        places.nothing_names_another_place,
        "an ARN of another partition",
        set_variable("orders", "PLANTED", "arn:aws-cn:states:::lambda:invoke"),
    ),
    (
        places.nothing_names_another_place,
        "the domain of one partition",
        set_variable("orders", "PLANTED", "https://sqs.eu-west-1.amazonaws.com/1/queue"),
    ),
    (
        places.nothing_names_another_place,
        "a partition that nobody filled in",
        set_variable("orders", "PLANTED", "arn:${Partition}:states:::lambda:invoke"),
    ),
    (
        places.nothing_names_another_place,
        "another region",
        set_variable("orders", "PLANTED", "ap-southeast-2"),
    ),
    (
        places.names_that_an_account_shares_have_the_region,
        "a role that is the same in every region",
        set_property("orders", ROLE, "RoleName", f"{PRODUCT}-prod-orders-Relay", "RelayRole"),
    ),
    (
        places.names_that_an_account_shares_have_the_region,
        "a bucket that is the same in every account",
        set_property("event-log", "AWS::S3::Bucket", "BucketName", f"{PRODUCT}-eu-west-1"),
    ),
    (
        places.apis_log_with_a_role_that_no_environment_takes_away,
        "an API is deployed before the account has the role",
        take_the_accounts_role_away,
    ),
    (
        places.apis_log_with_a_role_that_no_environment_takes_away,
        "the role goes with a stack",
        delete_with_the_stack("account", ROLE),
    ),
    (
        places.apis_log_with_a_role_that_no_environment_takes_away,
        "an account that never had an API",
        remove("account", "AWS::ApiGateway::ApiKey"),
    ),
    (
        places.apis_log_with_a_role_that_no_environment_takes_away,
        "an environment sets it again",
        add("orders", {"Type": "AWS::ApiGateway::Account", "Properties": {}}),
    ),
    (
        permissions.services_take_roles_for_this_account_only,
        "a trust of everybody's",
        trust_for_anybody("event-log", "DeliveryRole"),
    ),
    (
        permissions.services_call_functions_for_this_account_only,
        "a permission of everybody's",
        set_property(
            "orders",
            "AWS::Lambda::Permission",
            "SourceAccount",
            None,
            "ValidateConfigurationByAppConfig",
        ),
    ),
    (
        permissions.a_distributed_map_may_run_its_parts,
        "it may not stop them",
        forbid("sales", "RebuildMachineRole", "states:StopExecution"),
    ),
    (
        data.what_api_gateway_logs_ends_some_day,
        "a group that API Gateway makes",
        remove("orders", "AWS::Logs::LogGroup", "ApiExecutionLog"),
    ),
    (
        data.the_bus_keeps_what_its_key_refuses,
        "dropped",
        set_property("event-log", "AWS::Events::EventBus", "DeadLetterConfig", None),
    ),
    (
        data.the_bus_keeps_what_its_key_refuses,
        "under the same key",
        set_property("event-log", QUEUE, "KmsMasterKeyId", "key", "BusDeadLetters"),
    ),
    (
        data.the_bus_keeps_what_its_key_refuses,
        "nobody is told",
        remove("event-log", ALARM, "BusRefusesEvents"),
    ),
    (
        consumers.every_stream_consumer_says_when_it_reads_nothing,
        "no alarm",
        remove("orders", ALARM, "RelayReadsNothing"),
    ),
    (
        consumers.every_queue_with_a_consumer_says_when_it_is_not_read,
        "no alarm",
        remove("orders", ALARM, "CommandsNotRead"),
    ),
    (
        consumers.every_function_says_when_it_is_throttled,
        "no alarm",
        remove("orders", ALARM, "PlaceOrderThrottled"),
    ),
    (
        consumers.every_api_says_when_it_fails,
        "no alarm",
        remove("orders", ALARM, "ApiFails"),
    ),
    (
        consumers.every_api_says_when_it_throttles,
        "no alarm",
        remove("orders", ALARM, "ApiCallersThrottled"),
    ),
    (
        consumers.every_api_says_when_it_throttles,
        "another status",
        set_property("orders", "AWS::Logs::MetricFilter", "FilterPattern", '{ $.status = "404" }'),
    ),
    (
        consumers.our_metrics_are_the_environments_own,
        "an alarm looks at every environment",
        set_property("orders", ALARM, "Namespace", PRODUCT_TITLE, "RequestsFail"),
    ),
    (
        consumers.our_metrics_are_the_environments_own,
        "a function counts for all",
        set_variable("orders", "METRIC_NAMESPACE", PRODUCT_TITLE),
    ),
    (
        deliveries.keys_admit_what_delivers,
        "alarms cannot use the topic's key",
        admit_nobody("event-log", KEY, "KeyPolicy", "cloudwatch.amazonaws.com", "Key9"),
    ),
    (
        deliveries.keys_admit_what_delivers,
        "the bus cannot use its key",
        admit_nobody("event-log", KEY, "KeyPolicy", "events.amazonaws.com", "Key9"),
    ),
    (
        deliveries.keys_admit_what_delivers,
        "a rule delivers into a queue whose key knows no rules",
        add(
            "orders",
            {
                "Type": "AWS::Events::Rule",
                "Properties": {"Targets": [{"Arn": "{orders:CommandsQueueDE7D76FB.Arn}"}]},
            },
        ),
    ),
    (
        deliveries.targets_admit_what_delivers,
        "alarms may not publish",
        admit_nobody(
            "event-log", "AWS::SNS::TopicPolicy", "PolicyDocument", "cloudwatch.amazonaws.com"
        ),
    ),
    (
        deliveries.targets_admit_what_delivers,
        "a topic's messages do not reach a queue",
        add(
            "orders",
            {
                "Type": "AWS::SNS::Subscription",
                "Properties": {"Endpoint": "{orders:CommandsQueueDE7D76FB.Arn}"},
            },
        ),
    ),
    (
        deliveries.firehose_may_use_the_keys_on_its_way,
        "Firehose has no permissions",
        set_property("event-log", ROLE, "Policies", [], "DeliveryRole"),
    ),
    (
        deliveries.lambda_may_keep_what_failed,
        "a scheduled function may nothing",
        allow_nothing("inventory", "ReleaseExpired"),
    ),
    (
        deliveries.lambda_may_keep_what_failed,
        "a rotation may not encrypt",
        forbid("signing", "QuoteSigningRotation", "kms:GenerateDataKey"),
    ),
    (
        deliveries.mail_comes_from_a_domain_of_the_environment,
        "two environments have one domain",
        set_property("notifications", IDENTITY, "EmailIdentity", f"{PRODUCT}.example"),
    ),
    (
        deliveries.mail_comes_from_a_domain_of_the_environment,
        "nobody is told what to put into the DNS",
        say_nothing_of_the_dns,
    ),
    (
        deliveries.mail_comes_from_a_domain_of_the_environment,
        "mail comes from elsewhere",
        set_variable("notifications", "MAIL_FROM", f"orders@{PRODUCT}.example"),
    ),
    (
        deliveries.mail_comes_from_a_domain_of_the_environment,
        "SES refuses in silence",
        remove("notifications", ALARM, "MailRefused"),
    ),
    (
        deliveries.mail_comes_from_a_domain_of_the_environment,
        "addresses are none in silence",
        remove("notifications", ALARM, "MailUndeliverable"),
    ),
    (deployment.stacks_do_not_wait_for_each_other, "two wait for each other", depend_both_ways),
    (
        deployment.no_resource_waits_for_itself,
        "a key's policy names the bus that the key encrypts",
        set_property(
            "event-log", KEY, "Description", {"Fn::Sub": "key of ${BusEA82B648.Arn}"}, "Key9"
        ),
    ),
    (
        deployment.every_parameter_is_written_before_it_is_read,
        "nobody writes it",
        read_what_nobody_writes,
    ),
    (
        deployment.every_parameter_is_written_before_it_is_read,
        "the dependency is not declared",
        depend_both_ways,
    ),
    (deployment.nothing_is_exported, "an output is exported", export_something),
    (
        deployment.parameters_are_named_by_their_owner,
        "it has another service's name",
        set_property("orders", "AWS::SSM::Parameter", "Name", f"/{PRODUCT}/dev/pricing/x-arn"),
    ),
    (
        deployment.production_cannot_be_deleted_by_mistake,
        "protection is the wrong way round",
        turn_termination_protection,
    ),
    (deployment.every_service_has_one_owner, "a queue is given away", give_a_queue_away),
    (
        deployment.every_service_sends_or_receives_messages,
        "its queue is read by nobody",
        remove("notifications", MAPPING),
    ),
    (data.tables_are_encrypted_and_can_be_restored, "no recovery", unprotect_a_replica),
    (
        data.tables_are_encrypted_and_can_be_restored,
        "no key of ours",
        set_property("orders", TABLE, "SSESpecification", None),
    ),
    (
        data.the_log_is_kept_and_encrypted,
        "a day only",
        set_property("event-log", "AWS::Kinesis::Stream", "RetentionPeriodHours", 24),
    ),
    (
        data.the_log_is_kept_and_encrypted,
        "in the clear",
        set_property("event-log", "AWS::Kinesis::Stream", "StreamEncryption", {}),
    ),
    (
        data.the_archive_cannot_be_changed,
        "another lock",
        set_property(
            "archive-replica",
            BUCKET,
            "ObjectLockConfiguration",
            {"Rule": {"DefaultRetention": {"Days": 3}}},
        ),
    ),
    (
        data.the_archive_cannot_be_changed,
        "Firehose delivers into a lock",
        set_property("event-log", BUCKET, "ObjectLockConfiguration", {"Rule": {}}, "ArchiveDA"),
    ),
    (
        data.the_archive_cannot_be_changed,
        "no copy",
        set_property("event-log", BUCKET, "ReplicationConfiguration", None, "ArchiveDA"),
    ),
    (
        data.the_archive_cannot_be_changed,
        "a copy of a part",
        change_replication(Filter={"Prefix": "events/day=2026"}),
    ),
    (
        data.the_archive_cannot_be_changed,
        "deletions are copied",
        change_replication(DeleteMarkerReplication={"Status": "Enabled"}),
    ),
    (data.the_archive_cannot_be_changed, "the same region", keep_the_copy_here),
    (
        data.the_archive_cannot_be_changed,
        "nobody hears that it is late",
        remove("event-log", ALARM, "ReplicationLate"),
    ),
    (
        data.the_archive_cannot_be_changed,
        "nobody hears that it fails",
        remove("event-log", ALARM, "ReplicationFails"),
    ),
    (
        data.the_bus_remembers_what_it_carried,
        "it has no archive",
        remove("event-log", ARCHIVE),
    ),
    (
        data.the_bus_remembers_what_it_carried,
        "a day only",
        set_property("event-log", ARCHIVE, "RetentionDays", 1),
    ),
    (
        data.the_bus_remembers_what_it_carried,
        "no key of ours",
        set_property("event-log", ARCHIVE, "KmsKeyIdentifier", None),
    ),
    (
        data.the_bus_remembers_what_it_carried,
        "EventBridge may not use the key",
        admit_nobody("event-log", KEY, "KeyPolicy", "events.amazonaws.com", "Key9"),
    ),
    (
        data.buckets_are_private_and_encrypted,
        "it can be made public",
        set_property("event-log", "AWS::S3::Bucket", "PublicAccessBlockConfiguration", None),
    ),
    (
        data.queues_and_topics_are_encrypted,
        "in the clear",
        set_property("orders", QUEUE, "KmsMasterKeyId", None),
    ),
    (
        data.nothing_travels_in_the_clear,
        "a queue without a policy",
        remove("orders", "AWS::SQS::QueuePolicy"),
    ),
    (data.keys_rotate, "never", set_property("orders", KEY, "EnableKeyRotation", None)),
    (
        data.logs_end_some_day,
        "kept for ever",
        set_property("orders", "AWS::Logs::LogGroup", "RetentionInDays", None),
    ),
    (
        data.logs_end_some_day,
        "a group that Lambda makes",
        set_property("orders", FUNCTION, "LoggingConfig", None),
    ),
    (data.data_outlives_its_stack_in_production, "the log", turn_deletion_policy),
    (
        consumers.streams_are_retried_without_limit,
        "records are skipped",
        set_property("orders", MAPPING, "MaximumRetryAttempts", 5, "Relay"),
    ),
    (
        consumers.streams_are_retried_without_limit,
        "partial failures",
        set_property(
            "orders", MAPPING, "FunctionResponseTypes", ["ReportBatchItemFailures"], "Relay"
        ),
    ),
    (
        consumers.relays_keep_the_order,
        "ten at a time",
        set_property("orders", MAPPING, "ParallelizationFactor", 10, "Relay"),
    ),
    (
        consumers.whoever_follows_a_table_says_what_it_waits_for,
        "no filter",
        set_property("orders", MAPPING, "FilterCriteria", None, "Relay"),
    ),
    (consumers.streams_have_few_readers, "six readers", read_the_log_once_more),
    (
        consumers.every_stream_consumer_says_when_it_is_behind,
        "no alarm",
        remove("orders", ALARM, "RelayBehind"),
    ),
    (
        consumers.every_stream_consumer_says_when_it_is_behind,
        "an alarm after hours",
        remove("orders", ALARM, "RelayLate"),
    ),
    (
        consumers.readers_of_the_log_say_when_they_wait_for_each_other,
        "nobody is told",
        remove("event-log", ALARM, "ReadersThrottled"),
    ),
    (
        consumers.readers_of_the_log_say_when_they_wait_for_each_other,
        "half an hour late",
        set_property("event-log", ALARM, "Threshold", 1800, "ArchiveBehind"),
    ),
    (
        consumers.queues_report_single_failures,
        "whole batches",
        set_property("orders", MAPPING, "FunctionResponseTypes", None, "QueuedCommands"),
    ),
    (
        consumers.queues_report_single_failures,
        "visible too early",
        set_property("orders", QUEUE, "VisibilityTimeout", 30, "CommandsQueue"),
    ),
    (
        consumers.every_queue_with_a_consumer_has_dead_letters,
        "none",
        set_property("orders", QUEUE, "RedrivePolicy", None, "CommandsQueue"),
    ),
    (
        consumers.every_queue_with_a_consumer_has_dead_letters,
        "receives that were throttled end a message",
        set_property("orders", QUEUE, "RedrivePolicy", {"maxReceiveCount": 6}, "CommandsQueue"),
    ),
    (
        consumers.queues_keep_messages_for_as_long_as_sqs_can,
        "dead letters are forgotten after four days",
        set_property("orders", QUEUE, "MessageRetentionPeriod", None, "CommandsDeadLetters"),
    ),
    (
        consumers.queues_keep_messages_for_as_long_as_sqs_can,
        "a stuck saga is forgotten after four days",
        set_property("fulfilment", QUEUE, "MessageRetentionPeriod", 345600, "OperatorsQueue"),
    ),
    (
        consumers.dead_letters_have_room_for_the_reason,
        "they take a quarter of what SQS takes",
        set_property("orders", QUEUE, "MaximumMessageSize", 262144, "CommandsDeadLetters"),
    ),
    (
        consumers.workers_count_failures_and_not_receives,
        "it sends to another queue",
        set_variable("shipping", "QUEUE_URL", "https://sqs/another", "QueuedCommands"),
    ),
    (
        consumers.workers_count_failures_and_not_receives,
        "it tries for ever",
        set_variable("shipping", "QUEUE_ATTEMPTS", "1000", "QueuedCommands"),
    ),
    (
        consumers.workers_count_failures_and_not_receives,
        "one that tries for a day tries for ever",
        set_variable("webhooks", "QUEUE_ATTEMPTS", "1000", "HearEvents"),
    ),
    (
        consumers.workers_count_failures_and_not_receives,
        "another one tries for a day",
        set_variable("shipping", "QUEUE_ATTEMPTS", "250", "QueuedCommands"),
    ),
    (
        consumers.workers_count_failures_and_not_receives,
        "it may not send",
        allow_nothing("orders", "QueuedCommands"),
    ),
    (
        consumers.every_queue_with_a_consumer_has_dead_letters,
        "without an alarm",
        measure_nothing,
    ),
    (
        consumers.asynchronous_calls_have_a_place_for_failures,
        "a rule calls a function",
        add(
            "orders",
            {
                "Type": "AWS::Lambda::Permission",
                "Properties": {
                    "Principal": "events.amazonaws.com",
                    "FunctionName": "{orders:Relay3F9A082A.Arn}",
                },
            },
        ),
    ),
    (
        consumers.asynchronous_calls_have_a_place_for_failures,
        "a schedule's runs fail in silence",
        silence("inventory", "ReleaseExpired"),
    ),
    (
        consumers.asynchronous_calls_have_a_place_for_failures,
        "Lambda repeats as it likes",
        remove("fulfilment", ASYNCHRONOUS, "Sweep"),
    ),
    (
        consumers.scheduled_calls_do_not_overlap,
        "Lambda repeats what failed",
        set_property("inventory", ASYNCHRONOUS, "MaximumRetryAttempts", 2, "ReleaseExpired"),
    ),
    (
        consumers.scheduled_calls_do_not_overlap,
        "the clock repeats what failed",
        repeat_a_call,
    ),
    (
        consumers.scheduled_calls_do_not_overlap,
        "a late call is made all the same",
        set_property("inventory", ASYNCHRONOUS, "MaximumEventAgeInSeconds", 600, "ReleaseExpired"),
    ),
    (
        consumers.scheduled_calls_do_not_overlap,
        "a run takes longer than until the next",
        set_property("inventory", FUNCTION, "Timeout", 90, "ReleaseExpired"),
    ),
    (
        consumers.scheduled_calls_do_not_overlap,
        "two at a time",
        set_property("inventory", FUNCTION, "ReservedConcurrentExecutions", None, "ReleaseExpired"),
    ),
    (
        cost.the_account_is_asked_for_what_may_run_at_once,
        "a queue takes more than is asked for",
        set_property("payments", MAPPING, "ScalingConfig", {"MaximumConcurrency": 500}),
    ),
    (
        cost.the_account_is_asked_for_what_may_run_at_once,
        "the relay can starve",
        set_property("orders", FUNCTION, "ReservedConcurrentExecutions", None, "Relay"),
    ),
    (
        consumers.rules_that_match_events_have_dead_letters,
        "one has none",
        add(
            "orders",
            {
                "Type": "AWS::Events::Rule",
                "Properties": {"EventPattern": {}, "Targets": [{"Arn": "x"}]},
            },
        ),
    ),
    (
        consumers.every_alarm_tells_someone,
        "no action",
        set_property("orders", ALARM, "AlarmActions", None),
    ),
    (
        variables.variables_hold_names_and_arns_only,
        "a credential's name",
        set_variable("orders", "PROVIDER_API_KEY", "name"),
    ),
    (
        variables.variables_hold_names_and_arns_only,
        "a credential's value",
        set_variable("orders", "EVENT_STORE_TABLE", "wJalrXUtnFEMI+K7MDENG/bPxRfi="),
    ),
    (
        variables.no_template_holds_a_credential,
        "an access key",
        set_property("orders", FUNCTION, "Description", "uses AKIA" + "IOSFODNN7EXAMPLE"),
    ),
    (
        variables.no_template_holds_a_credential,
        "a secret that CloudFormation resolves",
        set_property(
            "orders", FUNCTION, "Description", "{{resolve:secretsmanager:payments:SecretString}}"
        ),
    ),
    (
        secrets.every_secret_is_replaced_every_month,
        "one has no schedule",
        remove("signing", ROTATION),
    ),
    (
        secrets.every_secret_is_replaced_every_month,
        "one is replaced every year",
        set_property("payments", ROTATION, "RotationRules", {"AutomaticallyAfterDays": 365}),
    ),
    (
        secrets.every_secret_is_replaced_every_month,
        "a deployment replaces one",
        set_property("payments", ROTATION, "RotateImmediatelyOnUpdate", None),
    ),
    (
        secrets.every_secret_is_replaced_every_month,
        "Secrets Manager may not call",
        remove("signing", "AWS::Lambda::Permission"),
    ),
    (
        secrets.every_secret_is_replaced_every_month,
        "nobody is told",
        silence("signing", "QuoteSigningRotation"),
    ),
    (
        secrets.every_secret_is_under_its_services_key,
        "the account's key",
        set_property("signing", "AWS::SecretsManager::Secret", "KmsKeyId", None),
    ),
    (
        secrets.a_secret_refuses_everybody_but_its_readers,
        "one has no policy",
        remove("signing", SECRETS_POLICY),
    ),
    (
        secrets.a_secret_refuses_everybody_but_its_readers,
        "a reader is refused",
        forget_a_reader,
    ),
    (
        secrets.a_secret_refuses_everybody_but_its_readers,
        "a stranger is admitted",
        admit_a_stranger,
    ),
    (
        secrets.whoever_reads_a_secret_may_use_its_key_and_reads_no_other,
        "the key is missing",
        take_the_key_away,
    ),
    (
        secrets.whoever_reads_a_secret_may_use_its_key_and_reads_no_other,
        "every secret",
        allow(
            "orders",
            "PlaceOrder",
            "secretsmanager:*",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:*",
        ),
    ),
    (
        secrets.plain_settings_are_parameters_of_one_service_and_environment,
        "another environment's path",
        set_property("orders", "AWS::SSM::Parameter", "Name", f"/{PRODUCT}/test/orders/relay-arn"),
    ),
    (
        secrets.plain_settings_are_parameters_of_one_service_and_environment,
        "another service's path",
        set_property("orders", "AWS::SSM::Parameter", "Name", f"/{PRODUCT}/prod/sales/relay-arn"),
    ),
    (
        cost.everything_runs_on_graviton,
        "an Intel function",
        set_property("orders", FUNCTION, "Architectures", ["x86_64"]),
    ),
    (
        cost.tables_and_streams_are_paid_for_by_use,
        "provisioned capacity",
        set_property("orders", TABLE, "BillingMode", "PROVISIONED"),
    ),
    (
        cost.tables_and_streams_are_paid_for_by_use,
        "provisioned shards",
        set_property("event-log", "AWS::Kinesis::Stream", "StreamModeDetails", None),
    ),
    (
        cost.every_service_scales_by_itself,
        "workers without a limit",
        set_property("payments", MAPPING, "ScalingConfig", None),
    ),
    (cost.every_service_scales_by_itself, "another service's queue", share_a_backlog),
    (
        cost.every_service_scales_by_itself,
        "an API without a limit",
        set_property("orders", "AWS::ApiGateway::Stage", "MethodSettings", None),
    ),
    (cost.everything_is_tagged_for_its_bill, "an untagged table", untag_a_replica),
    (
        cost.everything_is_tagged_for_its_bill,
        "an untagged queue",
        set_property("orders", QUEUE, "Tags", None),
    ),
    (
        configuration.operators_look_at_one_service_with_each_function,
        "one looks at another's configuration",
        allow(
            "orders",
            "ShowConfiguration",
            "appconfig:GetDeployment",
            "arn:aws:appconfig:eu-west-1:123456789012:application/another",
        ),
    ),
    (
        configuration.operators_look_at_one_service_with_each_function,
        "one that looks stops a rollout",
        allow(
            "orders",
            "ShowConfiguration",
            "appconfig:StopDeployment",
            "{orders:ConfigurationApplication01EF0941}",
        ),
    ),
    (
        configuration.operators_look_at_one_service_with_each_function,
        "nobody can look",
        remove("orders", FUNCTION, "ShowConfiguration"),
    ),
    (
        configuration.operators_look_at_one_service_with_each_function,
        "one that stops rollouts begins one",
        allow(
            "orders",
            "ChangeConfiguration",
            "appconfig:StartDeployment",
            "{orders:ConfigurationApplication01EF0941}",
        ),
    ),
    (configuration.rollouts_are_watched, "too many alarms watch", watch_by_too_many),
    (configuration.rollouts_are_watched, "another's alarm watches", watch_by_somebody_elses_alarm),
    (
        configuration.rollouts_are_watched,
        "the role may do more",
        allow("orders", "ConfigurationMonitorRole", "cloudwatch:SetAlarmState", "*"),
    ),
    (
        configuration.documents_are_judged_before_they_are_deployed,
        "nobody judges",
        set_property("orders", CONFIGURATION, "Validators", []),
    ),
    (
        configuration.documents_are_judged_before_they_are_deployed,
        "the schema is not the published one",
        judge_by_an_old_schema,
    ),
    (
        configuration.documents_are_judged_before_they_are_deployed,
        "AppConfig may not call the judge",
        remove("orders", "AWS::Lambda::Permission", "ValidateConfiguration"),
    ),
    (
        configuration.code_and_configuration_deploy_apart,
        "a stack deploys a document",
        add("orders", {"Type": "AWS::AppConfig::Deployment", "Properties": {}}),
    ),
)
