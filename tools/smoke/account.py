"""Checks of what an account, a region or another party decides."""

from __future__ import annotations

import time
from typing import Any

from botocore.exceptions import ClientError

from contracts.product import PRODUCT
from tools.configuration.services import configured
from tools.smoke.check import Check, Failed, NotAsked, eventually
from tools.smoke.system import System

ROOM = 100
"""Functions at once that APIs, streams and schedules need beside the queues' workers."""
THROTTLED_SECONDS = 90
TRIES = 12


def there_is_concurrency(system: System) -> str:
    """The quota against what the queues' workers may take together."""
    functions = system.client("lambda")
    limit = functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    pages = functions.get_paginator("list_event_source_mappings").paginate()
    workers = sum(
        it.get("ScalingConfig", {}).get("MaximumConcurrency", 0)
        for page in pages
        for it in page["EventSourceMappings"]
        if f"{PRODUCT}-{system.target.environment}-" in it["FunctionArn"]
    )
    if limit < workers + ROOM:
        raise Failed(
            f"the account runs {limit} functions at once, the queues' workers take {workers} and "
            f"others need {ROOM}: ask for more in Service Quotas (L-B99A9384)"
        )
    return f"{limit}, of which queues' workers take {workers}"


def apis_may_write_logs(system: System) -> str:
    """The one account resource of API Gateway in a region, and whether its role is there."""
    arn = system.client("apigateway").get_account().get("cloudwatchRoleArn")
    if not arn:
        raise Failed("API Gateway has no role for its logs: deploy the stack that owns it again")
    name = str(arn).rpartition("/")[2]
    try:
        system.client("iam").get_role(RoleName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchEntity":
            raise
        raise Failed(
            f"API Gateway's role {name} is gone, perhaps with another environment: deploy the "
            "stack that owns it again"
        ) from error
    return name


def mail_can_leave(system: System) -> str:
    """The sender's domain is verified, and the account is out of the sandbox."""
    identities = system.everywhere("AWS::SES::EmailIdentity")
    if not identities:
        raise NotAsked("this environment sends no mail")
    ses = system.client("sesv2")
    for it in identities:
        if not ses.get_email_identity(EmailIdentity=it.id)["VerifiedForSendingStatus"]:
            raise Failed(f"{it.id} is not verified: put its DKIM records, outputs of the stack, "
                         "into the domain's zone")  # fmt: skip
    if not ses.get_account()["ProductionAccessEnabled"]:
        raise Failed("SES is in its sandbox: ask for production access")
    return ", ".join(it.id for it in identities)


def secrets_rotate(system: System) -> str:
    """Each has its schedule, and no trial of a rotation has left a label that blocks the next."""
    secrets, found = system.client("secretsmanager"), 0
    for it in system.everywhere("AWS::SecretsManager::Secret"):
        about = secrets.describe_secret(SecretId=it.id)
        if not about.get("RotationEnabled"):
            raise Failed(f"{about['Name']} has no rotation: deploy its stack again")
        for version, labels in about["VersionIdsToStages"].items():
            if "AWSPENDING" in labels and "AWSCURRENT" not in labels:
                raise Failed(
                    f"version {version} of {about['Name']} is pending, which refuses every "
                    "rotation: see docs/operations.md, a rotation has failed"
                )
        found += 1
    return f"{found} secrets, nothing pending"


def alarms_reach_somebody(system: System) -> str:
    """The topic has a subscriber who has confirmed."""
    topic = system.target.find("event-log", "operations-topic-arn")
    pages = system.client("sns").get_paginator("list_subscriptions_by_topic")
    arns = [
        it["SubscriptionArn"]
        for page in pages.paginate(TopicArn=topic)
        for it in page["Subscriptions"]
    ]
    confirmed = [it for it in arns if it.startswith("arn:")]
    if not confirmed:
        raise Failed(f"alarms reach nobody: subscribe to {topic}, and confirm the subscription")
    return f"{len(confirmed)} subscriptions"


def no_alarm_is_raised(system: System) -> str:
    """What stands wrong minutes after a deployment, somebody was told of, and it is not over."""
    cloudwatch = system.client("cloudwatch")
    names = [it.id for it in system.everywhere("AWS::CloudWatch::Alarm")]
    raised = []
    for start in range(0, len(names), 100):
        answer = cloudwatch.describe_alarms(AlarmNames=names[start : start + 100])
        raised += [it["AlarmName"] for it in answer["MetricAlarms"] if it["StateValue"] == "ALARM"]
    if raised:
        raise Failed(f"raised: {', '.join(raised)}; see docs/operations.md")
    return f"{len(names)} alarms"


def _configured(system: System) -> list[str]:
    """The services that have configuration; what is optional may not be deployed."""
    return [
        it.name
        for it in configured().values()
        if not it.is_optional or system.resources(it.name, "AWS::AppConfig::Application")
    ]


def configuration_is_deployed(system: System) -> str:
    """Every service's documents have reached their readers."""
    appconfig, found = system.client("appconfig"), 0
    for service in _configured(system):
        application = system.one(service, "AWS::AppConfig::Application")
        environment = system.one(service, "AWS::AppConfig::Environment")
        items = appconfig.list_deployments(
            ApplicationId=application, EnvironmentId=environment, MaxResults=50
        )["Items"]
        if not items:
            raise Failed(f"{service} has no configuration: make config-apply")
        if under_way := [it["State"] for it in items if it["State"] in ("DEPLOYING", "BAKING")]:
            raise NotAsked(f"{service}'s configuration is {under_way[0].lower()}")
        found += 1
    return f"{found} services"


def configuration_is_served(system: System) -> str:
    """A function that has just taken an order says nothing of values that it could not get."""
    system.order()
    function = system.one("orders", "AWS::Lambda::Function", "PlaceOrder")
    about = system.client("lambda").get_function_configuration(FunctionName=function)
    for layer in about.get("Layers", []):
        system.client("lambda").get_layer_version_by_arn(Arn=layer["Arn"])
    lines = _said(system, "configuration unreachable")
    if lines:
        raise Failed(f"PlaceOrder does not reach its configuration: {lines[-1]['message'][:200]}")
    return "no complaint from PlaceOrder"


def validators_are_called(system: System) -> str:
    """AppConfig judges what is deployed once more, by its schema and by the service's function."""
    appconfig, found = system.client("appconfig"), 0
    for service in _configured(system):
        application = system.one(service, "AWS::AppConfig::Application")
        for profile in system.resources(service, "AWS::AppConfig::ConfigurationProfile"):
            ids = {"ApplicationId": application, "ConfigurationProfileId": profile.id}
            versions = _every(appconfig, "list_hosted_configuration_versions", "Items", **ids)
            if not versions:
                raise Failed(f"{service} has no configuration: make config-apply")
            newest = max(it["VersionNumber"] for it in versions)
            appconfig.validate_configuration(**ids, ConfigurationVersion=str(newest))
            found += 1
    return f"{found} profiles"


def functions_speak_plainly(system: System) -> str:
    """What has just written an order says nothing of a protocol that the runtime has changed."""
    system.order()
    lines = _said(system, "a service's protocol is not the one that is spoken plainly")
    if lines:
        raise Failed(f"PlaceOrder: {lines[-1]['message'][:200]}; see the decision on the runtime")
    return "no complaint from PlaceOrder"


def apis_keep_logs_for_a_while(system: System) -> str:
    """The group that API Gateway writes to is the one that the template has made."""
    found = 0
    for api in system.everywhere("AWS::ApiGateway::RestApi"):
        name = f"API-Gateway-Execution-Logs_{api.id}/live"
        logs = system.client("logs")
        groups = _every(logs, "describe_log_groups", "logGroups", logGroupNamePrefix=name)
        if not all(it.get("retentionInDays") for it in groups):
            raise Failed(f"{name} is kept for ever: deploy the stack of the API again")
        found += 1
    return f"{found} APIs"


def callers_are_throttled(system: System) -> str:
    """A caller with a plan of one request a second is told to wait."""
    gateway = system.client("apigateway")
    api = system.one("shipping", "AWS::ApiGateway::RestApi")
    stage = {"apiId": api, "stage": "live"}
    key = gateway.create_api_key(name=system.name, enabled=True)
    system.undo_later(lambda: gateway.delete_api_key(apiKey=key["id"]))
    plan = gateway.create_usage_plan(
        name=system.name, apiStages=[stage], throttle={"rateLimit": 1.0, "burstLimit": 1}
    )["id"]
    system.undo_later(lambda: _delete_plan(gateway, plan, stage))
    gateway.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    ends = time.monotonic() + THROTTLED_SECONDS

    def look() -> Any:
        answers = [
            system.call(
                "POST",
                "shipping",
                "/v1/carriers/smoke-test/tracking",
                body={},
                headers={"x-api-key": key["value"]},
            )
            for _ in range(TRIES)
        ]
        return next((it for it in answers if it.status == 429), None)

    refused = eventually(look, "no request is answered with 429", seconds=ends - time.monotonic())
    if refused.type != "application/problem+json":
        raise Failed(f"429 comes as {refused.type}, not as a problem document")
    return "429, as a problem document"


def _said(system: System, words: str) -> list[Any]:
    """The lines of PlaceOrder since the test began that hold these words."""
    function = system.one("orders", "AWS::Lambda::Function", "PlaceOrder")
    about = system.client("lambda").get_function_configuration(FunctionName=function)
    return _every(
        system.client("logs"),
        "filter_log_events",
        "events",
        logGroupName=about.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{function}"),
        startTime=int(system.began.timestamp() * 1000),
        filterPattern=f'"{words}"',
    )


def _every(client: Any, operation: str, key: str, **request: Any) -> list[Any]:
    """What all pages of an answer hold: some are empty, and more follow."""
    pages = client.get_paginator(operation).paginate(**request)
    return [it for page in pages for it in page[key]]


def _delete_plan(gateway: Any, plan: str, stage: dict[str, str]) -> None:
    """A plan goes once it has no stage."""
    gateway.update_usage_plan(
        usagePlanId=plan,
        patchOperations=[
            {"op": "remove", "path": "/apiStages", "value": f"{stage['apiId']}:{stage['stage']}"}
        ],
    )
    gateway.delete_usage_plan(usagePlanId=plan)


NO_ACCOUNT = "the emulator has no such quota or resource of an account"
CHECKS = (
    Check(
        "there is concurrency",
        "queues' workers leave functions for APIs and streams",
        there_is_concurrency,
        offline=NO_ACCOUNT,
    ),
    Check(
        "APIs may write logs",
        "the account's one role for API Gateway is there, whoever else was deployed or destroyed",
        apis_may_write_logs,
        offline=NO_ACCOUNT,
    ),
    Check(
        "mail can leave",
        "SES sends from our domain to anybody",
        mail_can_leave,
        offline="mail goes to the outbox, and nobody verifies a domain",
    ),
    Check(
        "secrets rotate",
        "schedules are in force, and their trial has left nothing pending",
        secrets_rotate,
        offline="the emulator does not know rotation schedules",
    ),
    Check(
        "alarms reach somebody",
        "a person or a system has subscribed to the topic and confirmed it",
        alarms_reach_somebody,
        offline="nobody is on call for an emulator",
    ),
    Check(
        "no alarm is raised",
        "nothing stands wrong already",
        no_alarm_is_raised,
        offline="an alarm of the emulator's hears of every function's errors",
    ),
    Check(
        "configuration is deployed",
        "AppConfig's validators and strategies took every document",
        configuration_is_deployed,
    ),
    Check(
        "configuration is served",
        "the AppConfig extension's layer is there and answers functions",
        configuration_is_served,
    ),
    Check(
        "validators are called",
        "AppConfig may call the services' functions that judge a document",
        validators_are_called,
        offline="the emulator keeps validators and never calls them",
    ),
    Check(
        "functions speak plainly",
        "the runtime's botocore still speaks JSON to the services that we speak to past it",
        functions_speak_plainly,
    ),
    Check(
        "APIs keep logs for a while",
        "API Gateway writes into the group that the template made, which expires",
        apis_keep_logs_for_a_while,
        offline="the emulator's gateway writes no execution logs",
    ),
    Check(
        "callers are throttled",
        "usage plans limit a caller, with 429 as a problem document",
        callers_are_throttled,
    ),
)
