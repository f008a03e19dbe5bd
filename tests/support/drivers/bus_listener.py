"""Hears what is said on the bus, by a rule and a queue that the test makes for itself."""

from __future__ import annotations

import json
import uuid

from shared.messaging.envelope import Envelope, decode
from tools.base.endpoint import Cloud


class BusListener:
    """Hears one source from now on. What it hears stays in the queue, and can be read again."""

    def __init__(self, cloud: Cloud, bus_name: str, source: str) -> None:
        name = f"listener-{uuid.uuid4()}"
        self._sqs = cloud.client("sqs")
        self._queue_url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(
            QueueUrl=self._queue_url, AttributeNames=["QueueArn"]
        )["Attributes"]
        events = cloud.client("events")
        events.put_rule(
            Name=name, EventBusName=bus_name, EventPattern=json.dumps({"source": [source]})
        )
        events.put_targets(
            Rule=name,
            EventBusName=bus_name,
            Targets=[{"Id": "queue", "Arn": attributes["QueueArn"]}],
        )
        self._heard: list[Envelope] = []

    def heard(self) -> list[Envelope]:
        """Everything until now, in the order of arrival."""
        while messages := self._receive():
            self._heard += messages
        return self._heard

    def _receive(self) -> list[Envelope]:
        answer = self._sqs.receive_message(
            QueueUrl=self._queue_url, MaxNumberOfMessages=10, VisibilityTimeout=3600
        )
        details = [json.loads(message["Body"])["detail"] for message in answer.get("Messages", [])]
        return [decode(json.dumps(detail)) for detail in details]
