"""What the emulator does otherwise than AWS, and the design works around: streams, bus, workflows.

Each guard asserts today's behaviour on small resources of its own. When one fails after an upgrade
of the emulator, its message says what can become simpler, and `docs/parity.toml` is to be changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.drivers.offline import eventually
from tests.support.drivers.small_resources import SmallResources, refusal_of, still
from tools.base.endpoint import ACCOUNT, REGION, Cloud
from tools.emulator import parity


@pytest.fixture(scope="module")
def resources(cloud: Cloud) -> Iterator[SmallResources]:
    made = SmallResources(cloud)
    yield made
    made.remove()


def test_types_that_are_unknown_are_those_that_the_ledger_calls_absent(cloud: Cloud) -> None:
    known = parity.ledger()["types"]
    unknown = parity.unknown_types(cloud.client("cloudformation"), known)
    parity.assert_ledger_is_right(unknown, parity.absent_types())


def test_a_failure_that_a_stream_consumer_reports_counts_as_success(
    resources: SmallResources,
) -> None:
    teller, (stream, arn) = resources.teller(), resources.stream()
    resources.consume(arn, teller.name, FunctionResponseTypes=["ReportBatchItemFailures"])
    kinesis = resources.cloud.client("kinesis")
    kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"report")
    teller.has_got("report")
    kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b"next")
    teller.has_got("next")
    still(
        sum("report" in batch for batch in teller.batches()) == 1,
        "a reported record comes again: stream consumers could report single failures",
    )


def test_a_failing_batch_of_a_log_comes_again_whole_and_for_ever(resources: SmallResources) -> None:
    teller, (stream, arn), (failures, failures_arn) = (
        resources.teller(),
        resources.stream(),
        resources.queue(),
    )
    texts = ["a", "raise", "b"]
    resources.cloud.client("kinesis").put_records(
        StreamName=stream, Records=[{"PartitionKey": "k", "Data": text.encode()} for text in texts]
    )
    resources.consume(
        arn,
        teller.name,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": failures_arn}},
    )
    eventually(lambda: len(teller.batches()) > 2)
    still(
        all(batch == texts for batch in teller.batches()),
        "failing batches are bisected: an operator need not set a crashing record aside",
    )
    still(
        resources.waiting(failures) == 0,
        "retry limit and failure destination work: test them instead of parking alone",
    )


def test_a_failing_batch_of_a_table_comes_again_for_ever(resources: SmallResources) -> None:
    teller, (table, arn), (failures, failures_arn) = (
        resources.teller(),
        resources.table(),
        resources.queue(),
    )
    resources.cloud.client("dynamodb").put_item(TableName=table, Item={"id": {"S": "raise"}})
    resources.consume(
        arn,
        teller.name,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": failures_arn}},
    )
    eventually(lambda: len(teller.batches()) > 2)
    still(
        resources.waiting(failures) == 0,
        "a table's stream gives up as configured: test the relay's retry limit",
    )


def test_one_consumer_at_a_time_is_served(resources: SmallResources) -> None:
    sleeper, other = resources.teller(), resources.teller()
    (slow, slow_arn), (quick, quick_arn) = resources.stream(), resources.stream()
    resources.consume(slow_arn, sleeper.name)
    resources.consume(quick_arn, other.name)
    kinesis = resources.cloud.client("kinesis")
    kinesis.put_record(StreamName=quick, PartitionKey="k", Data=b"warm up")
    other.has_got("warm up")
    kinesis.put_record(StreamName=slow, PartitionKey="k", Data=b"sleep")
    sleeper.has_got("sleep")
    kinesis.put_record(StreamName=quick, PartitionKey="k", Data=b"wait")
    other.has_got("wait")
    [woken] = [it["at"] for it in sleeper.heard() if "slept" in it]
    [served] = [it["at"] for it in other.heard() if it["got"] == ["wait"]]
    still(
        served >= woken,
        "consumers are served at the same time: faults may break one by making it sleep",
    )


def test_nothing_is_delivered_twice(resources: SmallResources) -> None:
    teller, (stream, arn) = resources.teller(), resources.stream()
    resources.consume(arn, teller.name)
    texts = [f"record-{number}" for number in range(25)]
    resources.cloud.client("kinesis").put_records(
        StreamName=stream, Records=[{"PartitionKey": "k", "Data": text.encode()} for text in texts]
    )
    teller.has_got(texts[-1])
    got = [text for batch in teller.batches() for text in batch]
    still(got == texts, "records are repeated: the faults need not inject all duplicates")


def test_a_rule_delivers_to_queues_and_drops_what_is_for_a_stream(
    resources: SmallResources,
) -> None:
    (stream, stream_arn), (queue, queue_arn) = resources.stream(), resources.queue()
    _rule(resources, {"Arn": stream_arn, "RoleArn": resources.role()}, {"Arn": queue_arn})
    eventually(lambda: resources.waiting(queue) == 1)
    still(
        resources.records(stream) == [],
        "rules deliver to streams: integration events could reach the log without queue and intake",
    )


def test_a_rules_dead_letters_stay_empty(resources: SmallResources) -> None:
    (letters, letters_arn), (queue, queue_arn) = resources.queue(), resources.queue()
    nowhere = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{resources.name('nowhere')}"
    _rule(
        resources,
        {
            "Arn": nowhere,
            "DeadLetterConfig": {"Arn": letters_arn},
            "RetryPolicy": {"MaximumRetryAttempts": 0},
        },
        {"Arn": queue_arn},
    )
    eventually(lambda: resources.waiting(queue) == 1)
    still(
        resources.waiting(letters) == 0,
        "a target's dead letters are kept: test them instead of the template alone",
    )


def test_pipes_do_not_follow_a_table_to_a_log(resources: SmallResources) -> None:
    teller = resources.teller()
    (table, table_arn), (stream, stream_arn) = resources.table(), resources.stream()
    resources.consume(table_arn, teller.name)
    pipe = {
        "RoleArn": resources.role(),
        "Source": table_arn,
        "SourceParameters": {"DynamoDBStreamParameters": {"StartingPosition": "TRIM_HORIZON"}},
        "Target": stream_arn,
        "TargetParameters": {"KinesisStreamParameters": {"PartitionKey": "$.id"}},
    }
    resources.stack({"Pipe": {"Type": "AWS::Pipes::Pipe", "Properties": pipe}})
    resources.cloud.client("dynamodb").put_item(TableName=table, Item={"id": {"S": "one"}})
    teller.has_got("one")
    still(
        resources.records(stream) == [],
        "a pipe can be the relay, if it keeps one record per order in a call",
    )


def test_a_delivery_stream_neither_compresses_nor_ends_lines(resources: SmallResources) -> None:
    s3, firehose = resources.cloud.client("s3"), resources.cloud.client("firehose")
    bucket, name = resources.name("bucket"), resources.name("delivery")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    firehose.create_delivery_stream(
        DeliveryStreamName=name,
        DeliveryStreamType="DirectPut",
        ExtendedS3DestinationConfiguration={
            "RoleARN": resources.role(),
            "BucketARN": f"arn:aws:s3:::{bucket}",
            "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 64},
            "CompressionFormat": "GZIP",
            "ProcessingConfiguration": {
                "Enabled": True,
                "Processors": [{"Type": "AppendDelimiterToRecord"}],
            },
        },
    )
    records: list[Any] = [{"Data": b"one"}, {"Data": b"two"}]
    firehose.put_record_batch(DeliveryStreamName=name, Records=records)

    def delivered() -> list[bytes]:
        found = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        bodies = [s3.get_object(Bucket=bucket, Key=it["Key"])["Body"].read() for it in found]
        return bodies if b"".join(bodies).count(b"o") >= 2 or len(bodies) >= 2 else []

    still(
        sorted(eventually(delivered)) == [b"one", b"two"],
        "records are collected, compressed or ended: readers of the archive may expect one form",
    )


@pytest.fixture(scope="module")
def machines(resources: SmallResources) -> dict[str, str]:
    """Executions that have been started together; each takes a few seconds."""
    raising = resources.teller()
    queue, _ = resources.queue()
    send = {
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Arguments": {"QueueUrl": queue, "MessageBody": "{% $states.context.Task.Token %}"},
    }
    invoke = {
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Arguments": {"FunctionName": raising.name, "Payload": {"do": "raise"}},
    }
    return {
        "raising": _execution(resources, {**invoke, "TimeoutSeconds": 2}),
        "heartbeat": _execution(resources, {**send, "TimeoutSeconds": 3, "HeartbeatSeconds": 1}),
        "computed": _execution(resources, {**send, "TimeoutSeconds": "{% 1 + 1 %}"}),
    }


def test_a_sender_that_raises_is_not_noticed_until_the_timeout(
    resources: SmallResources, machines: dict[str, str]
) -> None:
    ended = _ended(resources, machines["raising"])
    still(
        ended["error"] == "States.Timeout",
        "a sender's error fails its step at once: its retry can be tested by running it",
    )


def test_heartbeats_are_not_watched(resources: SmallResources, machines: dict[str, str]) -> None:
    ended = _ended(resources, machines["heartbeat"])
    took = (ended["stopDate"] - ended["startDate"]).total_seconds()
    still(took >= 2.5, "a missing heartbeat ends a step: steps can have one, and tests with it")


def test_the_deadline_of_a_step_that_waits_must_be_a_number(
    resources: SmallResources, machines: dict[str, str]
) -> None:
    ended = _ended(resources, machines["computed"])
    still(
        ended["error"] != "States.Timeout",
        "deadlines can be computed: the saga's need not be written into the definition",
    )


def test_an_execution_cannot_be_redriven(
    resources: SmallResources, machines: dict[str, str]
) -> None:
    _ended(resources, machines["raising"])
    states = resources.cloud.client("stepfunctions")
    still(
        refusal_of(lambda: states.redrive_execution(executionArn=machines["raising"])) is not None,
        "executions can be redriven: a saga could go on where it failed",
    )


def test_executions_write_no_log(resources: SmallResources, machines: dict[str, str]) -> None:
    _ended(resources, machines["raising"])
    logs = resources.cloud.client("logs")
    groups = logs.describe_log_groups(logGroupNamePrefix="guard-machine")["logGroups"]
    assert groups
    streams = [
        stream
        for group in groups
        for stream in logs.describe_log_streams(logGroupName=group["logGroupName"])["logStreams"]
    ]
    still(not streams, "executions are logged: test that no personal data gets there")


def _rule(resources: SmallResources, *targets: dict[str, Any]) -> None:
    """Put one event on the default bus, for a rule with these targets."""
    events, name = resources.client("events"), resources.name("rule")
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    events.put_targets(
        Rule=name, Targets=[{"Id": str(n), **target} for n, target in enumerate(targets)]
    )
    events.put_events(Entries=[{"Source": name, "DetailType": "any", "Detail": '{"a": 1}'}])


def _execution(resources: SmallResources, task: dict[str, Any]) -> str:
    """The ARN of a running execution of one step."""
    states, name = resources.cloud.client("stepfunctions"), resources.name("machine")
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "Step",
        "States": {"Step": {"Type": "Task", "End": True, **task}},
    }
    resources.cloud.client("logs").create_log_group(logGroupName=name)
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*"
    machine = states.create_state_machine(
        name=name,
        definition=json.dumps(definition),
        roleArn=resources.role(),
        loggingConfiguration={
            "level": "ALL",
            "includeExecutionData": True,
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}],
        },
    )["stateMachineArn"]
    return str(states.start_execution(stateMachineArn=machine)["executionArn"])


def _ended(resources: SmallResources, execution: str) -> Any:
    states = resources.cloud.client("stepfunctions")

    def ended() -> Any:
        found = states.describe_execution(executionArn=execution)
        return None if found["status"] == "RUNNING" else found

    return eventually(ended)
