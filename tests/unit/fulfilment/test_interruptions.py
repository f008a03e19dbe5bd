"""Executions that ended early: each is resumed, whatever else is in its batch."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.product import PRODUCT
from fulfilment import commands
from fulfilment.handlers import resume_interrupted
from shared.runtime import aws
from shared.runtime.environment import forget
from tests.support.examples.fulfilment import ORDER
from tests.support.fakes.fake_queue import FakeQueue, delivered

VARIABLES = {
    "SAGAS_TABLE": "sagas",
    "OPEN_SAGAS_INDEX": "open",
    "STUCK_SAGAS_INDEX": "stuck",
    "STATE_MACHINE_ARN": "arn:aws:states:eu-west-1:123456789012:stateMachine:saga",
    "SAGA_DEADLINE": "60",
    "QUEUE_URL": "queue",
    "QUEUE_ATTEMPTS": "3",
    "DEAD_LETTERS_URL": "dead-letters",
}


class Resumer:
    """The handler with its queue; ``resumed`` are the executions whose sagas went on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sqs = FakeQueue()
        self.resumed: list[str] = []
        self.trouble: Exception | None = None
        clients = {"sqs": self.sqs, "dynamodb": None, "stepfunctions": None}
        monkeypatch.setattr(aws, "client", clients.__getitem__)
        monkeypatch.setattr(commands, "resume_interrupted", self._resume)
        for name, value in VARIABLES.items():
            monkeypatch.setenv(name, value)
        forget()
        forget()

    def _resume(self, *arguments: Any) -> None:
        if self.trouble:
            raise self.trouble
        self.resumed.append(arguments[-1])

    def hear(self, *bodies: str, failures: int = 0) -> None:
        records = [delivered(body, failures=failures, at=at) for at, body in enumerate(bodies)]
        answer = resume_interrupted.handler({"Records": records}, None)
        assert answer == {"batchItemFailures": []}


@pytest.fixture
def resumer(monkeypatch: pytest.MonkeyPatch) -> Resumer:
    return Resumer(monkeypatch)


def change(name: Any = ORDER, source: str = "aws.states") -> str:
    detail = {"name": name, "status": "FAILED", "stateMachineArn": "arn"}
    return json.dumps({"source": source, "detail-type": "any", "detail": detail})


def test_each_execution_is_resumed(resumer: Resumer) -> None:
    resumer.hear(change(), change(f"{ORDER}.2"))
    assert resumer.resumed == [ORDER, f"{ORDER}.2"]


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        '{"source": "aws.states", "detail": ' + '{"a":' * 100_000,
        "\ud800",
        "\x00",
        change(None),
        change(""),
        change("x" * 100_000),
        change("by-hand.once"),
        change(f"{ORDER}.{'9' * 50}"),
        change(f"{ORDER}\n"),
        change(source=f"{PRODUCT}.shipping"),
        json.dumps({"name": ORDER, "status": "FAILED"}),
    ],
)
def test_what_is_no_end_of_a_saga_is_parked_and_holds_nobody_back(
    resumer: Resumer, garbage: str
) -> None:
    resumer.hear(change(), garbage, change(f"{ORDER}.2"))
    assert resumer.resumed == [ORDER, f"{ORDER}.2"]
    (reason,) = resumer.sqs.reasons()
    assert reason.startswith("not a status event")


def test_what_cannot_be_resumed_now_is_tried_again_and_parked_in_the_end(resumer: Resumer) -> None:
    resumer.trouble = ConnectionError()
    resumer.hear(change())
    (again,) = resumer.sqs.sent
    assert (again["QueueUrl"], again["MessageBody"]) == ("queue", change())
    resumer.hear(change(), failures=2)
    assert resumer.sqs.sent[1]["QueueUrl"] == "dead-letters"
