"""What templates ask the emulator for, and it accepts without doing it.

Each guard asserts today's behaviour on a small template of its own. When one fails after an upgrade
of the emulator, its message says what can be tested by behaviour, and `docs/parity.toml` is to be
changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.drivers.offline import ENFORCED, call, eventually
from tests.support.drivers.small_resources import SmallResources, refusal_of, still
from tools.base.endpoint import ACCOUNT, REGION, Cloud
from tools.emulator.function_logs import PLATFORM_LINES

KEY_ID = "id"
LONG_ENOUGH = "Long-enough-for-0ne"
API_KEY = "a-key-of-twenty-letters"


@pytest.fixture(scope="module")
def resources(cloud: Cloud) -> Iterator[SmallResources]:
    made = SmallResources(cloud)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def table(resources: SmallResources) -> Any:
    """A table's template with everything that ours have."""
    _, stream_arn = resources.stream()
    made = resources.stack(
        {
            "Table": {
                "Type": "AWS::DynamoDB::GlobalTable",
                "Properties": {
                    "AttributeDefinitions": [{"AttributeName": KEY_ID, "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": KEY_ID, "KeyType": "HASH"}],
                    "BillingMode": "PAY_PER_REQUEST",
                    "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS"},
                    "TimeToLiveSpecification": {"AttributeName": "ends_at", "Enabled": True},
                    "Replicas": [
                        {
                            "Region": REGION,
                            "DeletionProtectionEnabled": True,
                            "PointInTimeRecoverySpecification": {
                                "PointInTimeRecoveryEnabled": True
                            },
                            "KinesisStreamSpecification": {"StreamArn": stream_arn},
                        }
                    ],
                },
            }
        },
        name={"Ref": "Table"},
    )
    return made["name"]


def test_a_tables_expiry_is_dropped(resources: SmallResources, table: str) -> None:
    answer = resources.cloud.client("dynamodb").describe_time_to_live(TableName=table)
    still(
        answer["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED",
        "items expire: tests can let sessions and claims expire by themselves",
    )


def test_a_tables_point_in_time_recovery_is_dropped(resources: SmallResources, table: str) -> None:
    answer = resources.cloud.client("dynamodb").describe_continuous_backups(TableName=table)
    recovery = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    still(
        recovery["PointInTimeRecoveryStatus"] == "DISABLED",
        "tables can be restored: recovery can be rehearsed offline",
    )


def test_a_tables_encryption_is_dropped(resources: SmallResources, table: str) -> None:
    described = resources.cloud.client("dynamodb").describe_table(TableName=table)["Table"]
    still(not described.get("SSEDescription"), "encryption can be read from the deployed table")


def test_a_tables_deletion_protection_is_dropped(resources: SmallResources, table: str) -> None:
    described = resources.cloud.client("dynamodb").describe_table(TableName=table)["Table"]
    still(
        not described.get("DeletionProtectionEnabled"),
        "teardown meets protected tables offline too, and can be tested with them",
    )


def test_a_tables_way_to_a_log_is_dropped(resources: SmallResources, table: str) -> None:
    answer = resources.cloud.client("dynamodb").describe_kinesis_streaming_destination(
        TableName=table
    )
    still(
        not answer.get("KinesisDataStreamDestinations"),
        "a table can feed a log: decide again whether the relay is needed for more than order",
    )


@pytest.fixture(scope="module")
def bucket(resources: SmallResources) -> str:
    """A bucket's template with everything that the archive's has."""
    made = resources.stack(
        {
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "Properties": {
                    "ObjectLockEnabled": True,
                    "ObjectLockConfiguration": {
                        "ObjectLockEnabled": "Enabled",
                        "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}},
                    },
                    "VersioningConfiguration": {"Status": "Enabled"},
                    "BucketEncryption": {
                        "ServerSideEncryptionConfiguration": [
                            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
                        ]
                    },
                    "LifecycleConfiguration": {
                        "Rules": [{"Status": "Enabled", "ExpirationInDays": 1}]
                    },
                },
            }
        },
        name={"Ref": "Bucket"},
    )
    return made["name"]


def test_a_buckets_lifecycle_is_dropped(resources: SmallResources, bucket: str) -> None:
    s3 = resources.cloud.client("s3")
    still(
        refusal_of(lambda: s3.get_bucket_lifecycle_configuration(Bucket=bucket))
        == "NoSuchLifecycleConfiguration",
        "lifecycle rules are kept: read them from the deployed bucket",
    )


def test_a_buckets_lock_is_dropped(resources: SmallResources, bucket: str) -> None:
    s3 = resources.cloud.client("s3")
    version = s3.put_object(Bucket=bucket, Key="a", Body=b"a")["VersionId"]
    still(
        refusal_of(lambda: s3.delete_object(Bucket=bucket, Key="a", VersionId=version)) is None,
        "locked objects stay: test that nobody can change the archive",
    )


def test_a_buckets_encryption_is_dropped(resources: SmallResources, bucket: str) -> None:
    s3 = resources.cloud.client("s3")
    s3.put_object(Bucket=bucket, Key="b", Body=b"b")
    still(
        s3.head_object(Bucket=bucket, Key="b").get("ServerSideEncryption") != "aws:kms",
        "objects say how they are encrypted: test it on the archive",
    )


def test_a_buckets_access_log_is_dropped(resources: SmallResources) -> None:
    made = resources.stack(
        {
            "Logs": {"Type": "AWS::S3::Bucket"},
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "Properties": {"LoggingConfiguration": {"DestinationBucketName": {"Ref": "Logs"}}},
            },
        },
        name={"Ref": "Bucket"},
    )
    answer = resources.cloud.client("s3").get_bucket_logging(Bucket=made["name"])
    still("LoggingEnabled" not in answer, "access to buckets is logged: test where to")


def test_a_user_pools_deletion_protection_is_dropped(resources: SmallResources) -> None:
    made = resources.stack(
        {
            "Pool": {
                "Type": "AWS::Cognito::UserPool",
                "Properties": {"DeletionProtection": "ACTIVE"},
            }
        },
        id={"Ref": "Pool"},
    )
    cognito = resources.cloud.client("cognito-idp")
    still(
        refusal_of(lambda: cognito.delete_user_pool(UserPoolId=made["id"])) is None,
        "teardown meets a protected pool offline too, and can be tested with it",
    )


def test_a_client_that_takes_no_passwords_takes_them(resources: SmallResources) -> None:
    made = resources.stack(
        {
            "Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {}},
            "Client": {
                "Type": "AWS::Cognito::UserPoolClient",
                "Properties": {
                    "UserPoolId": {"Ref": "Pool"},
                    "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
                },
            },
        },
        pool={"Ref": "Pool"},
        client={"Ref": "Client"},
    )
    cognito = resources.cloud.client("cognito-idp")
    pool, user = made["pool"], "somebody"
    cognito.admin_create_user(UserPoolId=pool, Username=user, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(
        UserPoolId=pool, Username=user, Password=LONG_ENOUGH, Permanent=True
    )
    refusal = refusal_of(
        lambda: cognito.initiate_auth(
            ClientId=made["client"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": user, "PASSWORD": LONG_ENOUGH},
        )
    )
    still(
        ENFORCED or refusal is None,
        "flows are judged whether policies are enforced or not: so does test_console everywhere",
    )


def test_a_login_is_served_whatever_its_domain(resources: SmallResources) -> None:
    app = "https://app.example/"
    made = resources.stack(
        {
            "Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {}},
            "Client": {
                "Type": "AWS::Cognito::UserPoolClient",
                "Properties": {
                    "UserPoolId": {"Ref": "Pool"},
                    "AllowedOAuthFlows": ["code"],
                    "AllowedOAuthFlowsUserPoolClient": True,
                    "AllowedOAuthScopes": ["openid"],
                    "CallbackURLs": [app],
                },
            },
        },
        client={"Ref": "Client"},
    )
    asked = {"response_type": "code", "client_id": made["client"], "redirect_uri": app}
    page = call("GET", f"{resources.cloud.endpoint}/oauth2/authorize?{urlencode(asked)}")
    still(page.status == 200, "a login is where its domain is: ask for it there in test_console")


def test_a_subscriptions_dead_letters_stay_empty(resources: SmallResources) -> None:
    (letters, letters_arn), (queue, queue_arn) = resources.queue(), resources.queue()
    subscription = {"TopicArn": {"Ref": "Topic"}, "Protocol": "sqs"}
    redrive = {"RedrivePolicy": {"deadLetterTargetArn": letters_arn}}
    made = resources.stack(
        {
            "Topic": {"Type": "AWS::SNS::Topic"},
            "Lost": {
                "Type": "AWS::SNS::Subscription",
                "Properties": {**subscription, **redrive, "Endpoint": queue_arn + "-is-not-there"},
            },
            "Delivered": {
                "Type": "AWS::SNS::Subscription",
                "Properties": {**subscription, "Endpoint": queue_arn},
                "DependsOn": "Lost",
            },
        },
        topic={"Ref": "Topic"},
    )
    resources.cloud.client("sns").publish(TopicArn=made["topic"], Message="x")
    eventually(lambda: resources.waiting(queue) == 1)
    still(
        resources.waiting(letters) == 0,
        "a subscription's dead letters are kept: test what a carrier's lost queue loses",
    )


def test_a_stream_takes_more_than_a_shard_can(resources: SmallResources) -> None:
    kinesis, (stream, _) = resources.cloud.client("kinesis"), resources.stream()
    for _ in range(3):
        kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"x" * 900_000)
    still(
        len(resources.records(stream)) == 3,
        "throughput is limited: throttled puts need not be injected",
    )


def test_a_function_runs_on_the_emulators_own_python(resources: SmallResources) -> None:
    name = resources.name("python")
    code = "import sys\ndef handler(event, context):\n    return sys.version_info[:2]\n"
    resources.function(name, code)
    answer = resources.cloud.client("lambda").invoke(FunctionName=name)
    still(
        json.loads(answer["Payload"].read()) != [3, 13],
        "functions run on the runtime that they ask for: one build is enough for both targets",
    )


def test_a_cluster_is_there_at_once(resources: SmallResources) -> None:
    made = resources.client("eks").create_cluster(
        name=resources.name("cluster"),
        roleArn=resources.role(),
        resourcesVpcConfig={"subnetIds": ["subnet-1", "subnet-2"]},
    )
    still(
        made["cluster"]["status"] == "ACTIVE",
        "clusters are really made: manifests can be applied, not only validated",
    )


@pytest.fixture(scope="module")
def api(resources: SmallResources) -> str:
    """The address of an API that asks for a parameter and a key, and logs who calls."""
    teller = resources.teller()
    resources.cloud.client("logs").create_log_group(logGroupName="guard-access")
    rest_api: dict[str, Any] = {"RestApiId": {"Ref": "Api"}}
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{teller.arn}/invocations"
    method = {
        **rest_api,
        "ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
        "AuthorizationType": "NONE",
        "Integration": {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": uri},
    }
    made = resources.stack(
        {
            "Api": {
                "Type": "AWS::ApiGateway::RestApi",
                "Properties": {"Name": "guard", "MinimumCompressionSize": 0},
            },
            "Validator": {
                "Type": "AWS::ApiGateway::RequestValidator",
                "Properties": {**rest_api, "ValidateRequestParameters": True},
            },
            "Get": {
                "Type": "AWS::ApiGateway::Method",
                "Properties": {
                    **method,
                    "HttpMethod": "GET",
                    "RequestValidatorId": {"Ref": "Validator"},
                    "RequestParameters": {"method.request.querystring.needed": True},
                },
            },
            "Post": {
                "Type": "AWS::ApiGateway::Method",
                "Properties": {**method, "HttpMethod": "POST", "ApiKeyRequired": True},
            },
            "Unknown": {
                "Type": "AWS::ApiGateway::GatewayResponse",
                "Properties": {
                    **rest_api,
                    "ResponseType": "MISSING_AUTHENTICATION_TOKEN",
                    "StatusCode": "404",
                    "ResponseTemplates": {"application/json": '{"instance": "$context.path"}'},
                },
            },
            "Deployment": {
                "Type": "AWS::ApiGateway::Deployment",
                "Properties": rest_api,
                "DependsOn": ["Get", "Post", "Unknown"],
            },
            "Stage": {
                "Type": "AWS::ApiGateway::Stage",
                "Properties": {
                    **rest_api,
                    "StageName": "v",
                    "DeploymentId": {"Ref": "Deployment"},
                    "AccessLogSetting": {
                        "DestinationArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:guard-access",
                        "Format": "$context.requestId",
                    },
                },
            },
            "Key": {
                "Type": "AWS::ApiGateway::ApiKey",
                "Properties": {
                    "Enabled": True,
                    "Value": "a-key-of-twenty-letters",
                    "Name": "guard",
                },
            },
            "Plan": {
                "Type": "AWS::ApiGateway::UsagePlan",
                "Properties": {
                    "UsagePlanName": "guard",
                    "ApiStages": [{"ApiId": {"Ref": "Api"}, "Stage": {"Ref": "Stage"}}],
                },
            },
            "PlanKey": {
                "Type": "AWS::ApiGateway::UsagePlanKey",
                "Properties": {
                    "KeyId": {"Ref": "Key"},
                    "KeyType": "API_KEY",
                    "UsagePlanId": {"Ref": "Plan"},
                },
            },
        },
        id={"Ref": "Api"},
    )
    return f"{resources.cloud.endpoint}/_aws/execute-api/{made['id']}/v"


def test_an_apis_answers_are_not_compressed(api: str) -> None:
    answer = call("GET", f"{api}/?needed=1", headers={"Accept-Encoding": "gzip"})
    still(
        answer.headers["Content-Encoding"] is None,
        "answers are compressed: the console's bytes can be measured as browsers get them",
    )


def test_a_request_is_not_validated_and_nobody_asks_for_the_permission_to_invoke(api: str) -> None:
    answer = call("GET", api + "/")
    still(
        answer.status == 200,
        "the gateway validates requests, or asks whether it may invoke: test both by calling",
    )


def test_a_function_is_not_told_which_key_it_was(api: str) -> None:
    answer = call("POST", api + "/", headers={"x-api-key": API_KEY})
    assert answer.status == 200, answer.body
    still(
        not (answer.json or {}).get("apiKeyId"),
        "the key's id is there: no carrier's key may pass for another's, offline too",
    )


def test_a_gateway_response_does_not_know_the_path(api: str) -> None:
    answer = call("GET", api + "/unknown")
    still(
        b"$context.path" in answer.body,
        "$context.path is filled in: problem documents of the gateway may name their instance",
    )


def test_access_is_not_logged(resources: SmallResources, api: str) -> None:
    call("GET", api + "/")
    logs = resources.cloud.client("logs")
    streams = logs.describe_log_streams(logGroupName="guard-access")["logStreams"]
    still(not streams, "access logs are written: test their format")


def test_an_aliass_weights_are_ignored(resources: SmallResources) -> None:
    client, name = resources.cloud.client("lambda"), resources.name("versions")
    resources.function(name, "def handler(event, context):\n    return context.function_version\n")
    for _ in range(2):
        client.publish_version(FunctionName=name, Description=resources.name("version"))
    client.create_alias(
        FunctionName=name,
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 1.0}},
    )
    answers = {
        client.invoke(FunctionName=name, Qualifier="live")["Payload"].read() for _ in range(3)
    }
    still(answers == {b'"1"'}, "weights are honoured: a canary can be watched offline")


def test_lambdas_own_lines_come_whatever_their_level(resources: SmallResources) -> None:
    client, name = resources.cloud.client("lambda"), resources.name("quiet")
    resources.function(name, "def handler(event, context):\n    print('{}')\n")
    client.update_function_configuration(
        FunctionName=name, LoggingConfig={"LogFormat": "JSON", "SystemLogLevel": "WARN"}
    )
    client.invoke(FunctionName=name)["Payload"].read()
    found = eventually(lambda: _logged(resources, name))
    told = [it for it in found if it.startswith(PLATFORM_LINES)]
    still(told != [], "Lambda's own lines are left out: costs need not leave them out by itself")


def _logged(resources: SmallResources, name: str) -> list[str]:
    client = resources.cloud.client("logs")
    groups = client.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]
    return [
        event["message"]
        for group in groups
        for event in client.filter_log_events(logGroupName=group["logGroupName"])["events"]
    ]


def test_a_functions_reserved_concurrency_is_dropped(resources: SmallResources) -> None:
    made = resources.stack(
        {
            "Function": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Runtime": "python3.13",
                    "Role": resources.role(),
                    "Handler": "index.handler",
                    "Code": {"ZipFile": "def handler(event, context):\n    return 1\n"},
                    "ReservedConcurrentExecutions": 0,
                },
            }
        },
        name={"Ref": "Function"},
    )
    answer = resources.cloud.client("lambda").invoke(FunctionName=made["name"])
    still(
        answer["Payload"].read() == b"1",
        "a function's concurrency is limited: throttling need not be injected",
    )


def test_rotating_a_secret_calls_nobody(resources: SmallResources) -> None:
    teller, secrets = resources.teller(), resources.cloud.client("secretsmanager")
    name = resources.name("secret")
    arn = secrets.create_secret(Name=name, SecretString="old")["ARN"]
    begun = secrets.rotate_secret(
        SecretId=arn, RotationLambdaARN=teller.arn, RotationRules={"AutomaticallyAfterDays": 30}
    )
    current = secrets.get_secret_value(SecretId=arn)
    # On AWS the function would be called, do nothing, and leave the new version pending.
    still(
        (current["VersionId"], current["SecretString"]) == (begun["VersionId"], "old")
        and not teller.heard(),
        "secrets rotate: nobody need call the rotation function's steps offline",
    )


def test_a_secrets_reference_is_its_name(resources: SmallResources) -> None:
    made = resources.stack(
        {"Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "a"}}},
        secret={"Ref": "Secret"},
    )
    still(
        not made["secret"].startswith("arn:"),
        "a secret's reference is its ARN, as on AWS: templates may use it",
    )


def test_a_metric_filter_emits_nothing(resources: SmallResources) -> None:
    logs, group = resources.cloud.client("logs"), resources.name("group")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    logs.put_metric_filter(
        logGroupName=group,
        filterName="f",
        filterPattern="",
        metricTransformations=[{"metricName": "m", "metricNamespace": group, "metricValue": "1"}],
    )
    logs.put_log_events(
        logGroupName=group,
        logStreamName="s",
        logEvents=[{"timestamp": 1_800_000_000_000, "message": "x"}],
    )
    found = logs.filter_log_events(logGroupName=group)["events"]
    assert [it["message"] for it in found] == ["x"]
    metrics = resources.client("cloudwatch").list_metrics(Namespace=group)["Metrics"]
    still(not metrics, "metric filters count: alarms on log lines can be tested by behaviour")


@pytest.mark.nightly
def test_an_alarm_on_an_expression_is_refused(resources: SmallResources) -> None:
    metric = {"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
    alarm = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "Metrics": [
                {"Id": "m", "MetricStat": metric, "ReturnData": False},
                {"Id": "twice", "Expression": "m * 2"},
            ],
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
        },
    }
    with pytest.raises(AssertionError, match=r"FAILED|ROLLBACK"):
        resources.stack({"Alarm": alarm})


def test_a_configurations_validators_are_never_called(resources: SmallResources) -> None:
    appconfig = resources.client("appconfig")
    application = appconfig.create_application(Name=resources.name("application"))["Id"]
    profile = appconfig.create_configuration_profile(
        ApplicationId=application,
        Name="profile",
        LocationUri="hosted",
        Validators=[{"Type": "JSON_SCHEMA", "Content": json.dumps({"required": ["needed"]})}],
    )["Id"]
    still(
        refusal_of(
            lambda: appconfig.create_hosted_configuration_version(
                ApplicationId=application,
                ConfigurationProfileId=profile,
                Content=b"{}",
                ContentType="application/json",
            )
        )
        is None,
        "validators are called: a bad configuration is refused offline as well",
    )


def test_a_container_service_says_that_it_runs(resources: SmallResources) -> None:
    ecs, name = resources.client("ecs"), resources.name("service")
    ecs.create_cluster(clusterName=name)
    ecs.register_task_definition(
        family=name, containerDefinitions=[{"name": "a", "image": "no-such-image", "memory": 128}]
    )
    ecs.create_service(cluster=name, serviceName=name, taskDefinition=name, desiredCount=1)

    def running() -> bool:
        [service] = ecs.describe_services(cluster=name, services=[name])["services"]
        return bool(service["runningCount"] == 1)

    still(eventually(running), "containers run: the local processes are not needed")
