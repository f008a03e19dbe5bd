"""Small resources of a test's own on an emulator, and a function that tells what it gets."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from tests.support.drivers.offline import eventually
from tools.base.endpoint import ACCOUNT, REGION, Cloud

TELLER = """
import base64, json, os, time, botocore.session

sqs = botocore.session.get_session().create_client("sqs")

def tell(what):
    sqs.send_message(QueueUrl=os.environ["HEARD"], MessageBody=json.dumps(what))

def text(record):
    if "kinesis" in record:
        return base64.b64decode(record["kinesis"]["data"]).decode()
    if "dynamodb" in record:
        return record["dynamodb"]["NewImage"]["id"]["S"]
    return record["body"]

def handler(event, context):
    if "Records" not in event:
        tell({"event": event})
        if event.get("do") == "raise":
            raise ValueError("as asked")
        return {"statusCode": 200, "body": json.dumps(event["requestContext"]["identity"])}
    got = [text(record) for record in event["Records"]]
    tell({"got": got, "at": time.time()})
    if any("sleep" in it for it in got):
        time.sleep(2)
        tell({"slept": got, "at": time.time()})
    if any("raise" in it for it in got):
        raise ValueError("as asked")
    if any("report" in it for it in got):
        ids = [
            record.get("kinesis", record.get("dynamodb", {})).get("SequenceNumber")
            or record.get("kinesis", {}).get("sequenceNumber")
            for record in event["Records"]
        ]
        return {"batchItemFailures": [{"itemIdentifier": it} for it in ids]}
    return {"batchItemFailures": []}
"""


class Teller:
    """A function that sends what it gets to a queue, and does as its records say.

    A record whose text holds ``raise`` makes it fail, ``report`` makes it report every record as
    failed, and ``sleep`` keeps it busy for two seconds.
    """

    def __init__(self, name: str, arn: str, sqs: Any, queue_url: str) -> None:
        self.name = name
        self.arn = arn
        self._sqs = sqs
        self._queue_url = queue_url
        self._heard: list[dict[str, Any]] = []

    def heard(self) -> list[dict[str, Any]]:
        """Everything that it told, in order."""
        while messages := self._sqs.receive_message(
            QueueUrl=self._queue_url, MaxNumberOfMessages=10, VisibilityTimeout=3600
        ).get("Messages"):
            self._heard += [json.loads(message["Body"]) for message in messages]
        return self._heard

    def batches(self) -> list[list[str]]:
        """The texts of the records of each batch."""
        return [told["got"] for told in self.heard() if "got" in told]

    def has_got(self, text: str) -> None:
        """Wait until a record with this text has come."""
        eventually(lambda: self.knows(text))

    def knows(self, text: str) -> bool:
        """Whether a record with this text has come."""
        return any(text in batch for batch in self.batches())


class SmallResources:
    """Makes resources with names that nobody else uses; ``remove`` ends what would go on."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._mappings: list[str] = []
        self._stacks: list[str] = []
        self._role: str | None = None

    def client(self, service: Any) -> Any:
        """A client of any service, those that the system itself does not use included."""
        return self.cloud.client(service)

    def name(self, what: str) -> str:
        """A name that is new."""
        return f"guard-{what}-{uuid.uuid4().hex[:8]}"

    def role(self, *statements: Mapping[str, Any]) -> str:
        """The ARN of a role for any service, which may do what the statements say."""
        if not statements and self._role:
            return self._role
        iam, name = self.cloud.client("iam"), self.name("role")
        services = ["lambda", "states", "firehose", "apigateway"]
        trust = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": [f"{service}.amazonaws.com" for service in services]},
        }
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"][
            "Arn"
        ]
        may = statements or ({"Effect": "Allow", "Action": "*", "Resource": "*"},)
        iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=_policy(*may))
        if not statements:
            self._role = arn
        return arn

    def queue(self) -> tuple[str, str]:
        """Address and ARN; topics may send to it."""
        name = self.name("queue")
        topics = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": "*",
        }
        url = self.cloud.client("sqs").create_queue(
            QueueName=name, Attributes={"Policy": _policy(topics)}
        )["QueueUrl"]
        return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def waiting(self, queue_url: str) -> int:
        """How many messages a queue holds."""
        answer = self.cloud.client("sqs").get_queue_attributes(
            QueueUrl=queue_url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def stream(self) -> tuple[str, str]:
        """Name and ARN of a Kinesis stream with one shard."""
        kinesis, name = self.cloud.client("kinesis"), self.name("stream")
        kinesis.create_stream(StreamName=name, ShardCount=1)
        return name, f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"

    def records(self, stream: str) -> list[str]:
        """The texts of all records of a stream with one shard."""
        kinesis = self.cloud.client("kinesis")
        shard = kinesis.list_shards(StreamName=stream)["Shards"][0]["ShardId"]
        iterator = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        return [
            it["Data"].decode() for it in kinesis.get_records(ShardIterator=iterator)["Records"]
        ]

    def table(self) -> tuple[str, str]:
        """Name and stream's ARN of a table with the key ``id``."""
        dynamodb, name = self.cloud.client("dynamodb"), self.name("table")
        made = dynamodb.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        return name, made["TableDescription"]["LatestStreamArn"]

    def teller(self, role: str | None = None) -> Teller:
        """A function that tells what it gets."""
        url, _ = self.queue()
        name = self.name("teller")
        arn = self.function(name, TELLER, role=role, HEARD=url)
        return Teller(name, arn, self.cloud.client("sqs"), url)

    def function(self, name: str, code: str, role: str | None = None, **variables: str) -> str:
        """The ARN of a function whose module is ``code``."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as zipped:
            zipped.writestr("index.py", code)
        made = self.cloud.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role or self.role(),
            Handler="index.handler",
            Code={"ZipFile": archive.getvalue()},
            Timeout=30,
            Environment={"Variables": variables},
        )
        return str(made["FunctionArn"])

    def consume(self, source_arn: str, function: str, **options: Any) -> None:
        """Map a stream to a function until ``remove``."""
        made = self.cloud.client("lambda").create_event_source_mapping(
            EventSourceArn=source_arn,
            FunctionName=function,
            StartingPosition="TRIM_HORIZON",
            BatchSize=10,
            **options,
        )
        self._mappings.append(made["UUID"])

    def stack(self, resources: Mapping[str, Any], **outputs: Any) -> dict[str, str]:
        """Deploy a template; returns what ``outputs`` stand for."""
        cloudformation, name = self.cloud.client("cloudformation"), self.name("stack")
        template = {
            "Resources": resources,
            "Outputs": {key: {"Value": value} for key, value in outputs.items()},
        }
        cloudformation.create_stack(
            StackName=name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        self._stacks.append(name)

        def deployed() -> Any:
            stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
            assert "FAILED" not in stack["StackStatus"], stack
            assert "ROLLBACK" not in stack["StackStatus"], stack
            return stack if stack["StackStatus"] == "CREATE_COMPLETE" else None

        found = eventually(deployed)
        return {it["OutputKey"]: it["OutputValue"] for it in found.get("Outputs", [])}

    def remove(self) -> None:
        """End deliveries and delete stacks."""
        for mapping in self._mappings:
            with suppress(ClientError):
                self.cloud.client("lambda").delete_event_source_mapping(UUID=mapping)
        for stack in self._stacks:
            with suppress(ClientError):
                self.cloud.client("cloudformation").delete_stack(StackName=stack)


def still(holds: object, simpler: str) -> None:
    """Fail when the emulator no longer does what the design works around."""
    assert holds, f"the emulator has changed, and docs/parity.toml with it: {simpler}"


def still_happens(check: Callable[[], object], simpler: str) -> None:
    """The same for what takes a while."""
    try:
        eventually(check)
    except AssertionError:
        still(False, simpler)


def refusal_of(call: Callable[[], object]) -> str | None:
    """The code of the error that a call leads to; None if it is carried out."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


def _policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
