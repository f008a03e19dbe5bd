"""What the emulator does otherwise than AWS when it enforces policies, and when it is restarted.

These need an emulator of their own, started with other options than the shared one. When a guard
fails after an upgrade of the emulator, its message says what can become simpler, and
`docs/parity.toml` is to be changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.product import PRODUCT
from tests.support.drivers.offline import call, eventually
from tests.support.drivers.small_resources import SmallResources, refusal_of, still, still_happens
from tools.base.endpoint import ACCOUNT, REGION
from tools.emulator.emulator import Emulator

DENY_PLAIN_HTTP = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    directory: Path = tmp_path_factory.mktemp("guards")
    with Emulator(directory, auth=True, persistence=True) as started:
        yield started


@pytest.fixture(scope="module")
def resources(emulator: Emulator) -> SmallResources:
    return SmallResources(emulator.cloud)


PUT = """
import os, botocore.session
from botocore.exceptions import ClientError

def handler(event, context):
    try:
        s3 = botocore.session.get_session().create_client("s3")
        s3.put_object(Bucket=os.environ["BUCKET"], Key="a", Body=b"a")
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "stored"
"""


def test_a_bucket_that_denies_plain_http_denies_every_function(resources: SmallResources) -> None:
    s3, bucket, name = resources.cloud.client("s3"), resources.name("b"), resources.name("put")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    resources.function(name, PUT, BUCKET=bucket)
    client = resources.cloud.client("lambda")
    assert client.invoke(FunctionName=name)["Payload"].read() == b'"stored"'
    arn = f"arn:aws:s3:::{bucket}"
    s3.put_bucket_policy(
        Bucket=bucket, Policy=_policy({**DENY_PLAIN_HTTP, "Resource": [arn, f"{arn}/*"]})
    )
    still(
        client.invoke(FunctionName=name)["Payload"].read() == b'"AccessDenied"',
        "plain HTTP passes for secure: the offline copy need not leave these statements out",
    )


def test_a_queue_that_denies_plain_http_denies_everyone(resources: SmallResources) -> None:
    url, arn = resources.queue()
    sqs = resources.cloud.client("sqs")
    policy = _policy({**DENY_PLAIN_HTTP, "Resource": arn})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    still(
        "AccessDenied"
        in (refusal_of(lambda: sqs.send_message(QueueUrl=url, MessageBody="a")) or ""),
        "plain HTTP passes for secure: the offline copy need not leave these statements out",
    )


def test_an_event_source_reads_without_permission(resources: SmallResources) -> None:
    may_only_tell = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    teller = resources.teller(resources.role(may_only_tell))
    stream, arn = resources.stream()
    resources.consume(arn, teller.name)
    resources.cloud.client("kinesis").put_record(StreamName=stream, PartitionKey="k", Data=b"one")
    still_happens(
        lambda: teller.knows("one"),
        "event sources need their permissions: test them by taking them away",
    )
    resources.remove()


def test_a_gateway_invokes_without_permission(resources: SmallResources) -> None:
    teller = resources.teller()
    gateway = resources.cloud.client("apigateway")
    api = gateway.create_rest_api(name="guard")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    where = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    gateway.put_method(**where, authorizationType="NONE")
    gateway.put_integration(
        **where,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{teller.arn}/invocations",
    )
    gateway.create_deployment(restApiId=api, stageName="v")
    answer = call("GET", f"{resources.cloud.endpoint}/_aws/execute-api/{api}/v/")
    still(
        answer.status == 200,
        "the gateway needs its permission: every route's can be tested by calling it",
    )


def test_a_tasks_answer_is_not_its_state_machines(resources: SmallResources) -> None:
    anywhere = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:*"
    role = resources.role(
        {"Effect": "Allow", "Action": "states:SendTaskSuccess", "Resource": anywhere}
    )
    states = resources.cloud.as_role(role.rpartition("/")[2]).client("stepfunctions")
    refusal = refusal_of(lambda: states.send_task_success(taskToken="nobody's", output="{}")) or ""
    still(
        "AccessDenied" in refusal,
        "a task's answer is compared with its machine: the offline copy need not allow them all",
    )


def test_names_of_several_parameters_are_not_told_to_policies(resources: SmallResources) -> None:
    path = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/guard"
    reads = ["ssm:GetParameters", "ssm:GetParametersByPath"]
    role = resources.role({"Effect": "Allow", "Action": reads, "Resource": [path, f"{path}/*"]})
    ssm = resources.cloud.as_role(role.rpartition("/")[2]).client("ssm")
    refusals = [
        refusal_of(lambda: ssm.get_parameters_by_path(Path="/guard")) or "",
        refusal_of(lambda: ssm.get_parameters(Names=["/guard/one", "/guard/other"])) or "",
    ]
    still(
        all("AccessDenied" in it for it in refusals),
        "policies know the parameters that are read: the offline copy need not allow them all",
    )


def test_a_list_of_alarms_is_not_told_to_policies(resources: SmallResources) -> None:
    alarms = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:*"
    role = resources.role(
        {"Effect": "Allow", "Action": "cloudwatch:DescribeAlarms", "Resource": alarms}
    )
    make: Any = resources.cloud.as_role(role.rpartition("/")[2]).client  # stubs know no CloudWatch
    cloudwatch = make("cloudwatch")
    refusal = refusal_of(lambda: cloudwatch.describe_alarms(AlarmNamePrefix="guard")) or ""
    still(
        "AccessDenied" in refusal,
        "policies know a list of alarms: the offline copy need not allow it by a star",
    )


def test_a_log_group_is_named_without_its_streams(resources: SmallResources) -> None:
    logs, group = resources.client("logs"), resources.name("group")
    logs.create_log_group(logGroupName=group)
    streams = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:*"
    role = resources.role(
        {"Effect": "Allow", "Action": "logs:FilterLogEvents", "Resource": streams}
    )
    reader = resources.cloud.as_role(role.rpartition("/")[2]).client("logs")
    refusal = refusal_of(lambda: reader.filter_log_events(logGroupName=group)) or ""
    logs.delete_log_group(logGroupName=group)
    still(
        "AccessDenied" in refusal,
        "policies know a log group by its streams: the offline copy need not allow them all",
    )


def test_a_batch_of_messages_is_an_action_of_its_own(resources: SmallResources) -> None:
    url = resources.client("sqs").create_queue(QueueName=resources.name("batches"))["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{url.rpartition('/')[2]}"
    role = resources.role({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn})
    sqs = resources.cloud.as_role(role.rpartition("/")[2]).client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="one")
    entries: Any = [{"Id": "1", "MessageBody": "one of a batch"}]
    refusal = refusal_of(lambda: sqs.send_message_batch(QueueUrl=url, Entries=entries)) or ""
    resources.client("sqs").delete_queue(QueueUrl=url)
    still(
        "AccessDenied" in refusal,
        "whoever may send a message may send a batch: the offline copy need not name batches",
    )


def test_an_events_source_is_not_told_to_policies(resources: SmallResources) -> None:
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    role = resources.role(
        {
            "Effect": "Allow",
            "Action": "events:PutEvents",
            "Resource": bus,
            "Condition": {"StringEquals": {"events:source": f"{PRODUCT}.guard"}},
        }
    )
    events = resources.cloud.as_role(role.rpartition("/")[2]).client("events")
    entry: Any = {"Source": f"{PRODUCT}.guard", "DetailType": "any", "Detail": "{}"}
    refusal = refusal_of(lambda: events.put_events(Entries=[entry])) or ""
    still(
        "AccessDenied" in refusal,
        "policies know an event's source: the offline copy need not take conditions on it out",
    )


def test_a_keys_policy_stops_nobody(resources: SmallResources) -> None:
    kms = resources.client("kms")
    nobody = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["kms:Encrypt", "kms:GenerateDataKey"],
        "Resource": "*",
    }
    key = kms.create_key(Policy=_policy(nobody), BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]
    still(
        refusal_of(lambda: kms.encrypt(KeyId=key["KeyId"], Plaintext=b"a")) is None,
        "keys' policies are checked: deliveries into encrypted targets can be tested by sending",
    )


def test_a_delivery_stream_writes_without_permission(resources: SmallResources) -> None:
    s3, firehose = resources.cloud.client("s3"), resources.cloud.client("firehose")
    bucket, name = resources.name("bucket"), resources.name("delivery")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    may_nothing = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    destination: Any = {
        "RoleARN": resources.role(may_nothing),
        "BucketARN": f"arn:aws:s3:::{bucket}",
    }
    firehose.create_delivery_stream(
        DeliveryStreamName=name,
        DeliveryStreamType="DirectPut",
        ExtendedS3DestinationConfiguration=destination,
    )
    firehose.put_record(DeliveryStreamName=name, Record={"Data": b"one"})
    still_happens(
        lambda: "Contents" in s3.list_objects_v2(Bucket=bucket),
        "delivery needs its role's permissions: test them by taking them away",
    )


def test_a_restart_fails_what_is_running(emulator: Emulator, resources: SmallResources) -> None:
    states, name = resources.cloud.client("stepfunctions"), resources.name("machine")
    definition = {
        "StartAt": "Wait",
        "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}},
    }
    machine = states.create_state_machine(
        name=name,
        definition=json.dumps(definition),
        roleArn=resources.role(),
    )["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    emulator.stop()
    emulator.start()

    def ended() -> Any:
        found = emulator.cloud.client("stepfunctions").describe_execution(executionArn=execution)
        return found if found["status"] != "RUNNING" else None

    still(
        eventually(ended).get("error") == "States.ServiceRestart",
        "executions survive a restart: sagas need not be resumed by new ones offline",
    )


def _policy(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
