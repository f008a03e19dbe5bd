"""Dead letters of every kind go back to the queue that they were meant for, and to no other."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from rich.console import Console

from contracts.product import PRODUCT
from tools.base.errors import OperationFailed
from tools.base.target import Target
from tools.operations import dead_letters

RULE = f"arn:aws:events:eu-west-1:123456789012:rule/{PRODUCT}-dev/a-rule"
ENVELOPE = {"type": "OrderPlaced", "aggregate_id": "o-1", "data": {}}
EVENT = {"source": f"{PRODUCT}.orders", "detail-type": "OrderPlaced", "detail": ENVELOPE}
PARKED_BY_A_WORKER = {
    "reason": {"DataType": "String", "StringValue": "failed 10 times, last with TimeoutError"},
    "parked_by": {"DataType": "String", "StringValue": "queue-worker"},
    "failures": {"DataType": "Number", "StringValue": "9"},
}
BY_AN_OPERATOR = {"redriven": {"DataType": "String", "StringValue": "yes"}}
NOT_DELIVERED_BY_A_RULE = {
    "RULE_ARN": {"DataType": "String", "StringValue": RULE},
    "TARGET_ARN": {"DataType": "String", "StringValue": "arn:aws:sqs:::queue"},
    "ERROR_CODE": {"DataType": "String", "StringValue": "NO_PERMISSIONS"},
    "ERROR_MESSAGE": {"DataType": "String", "StringValue": "[red]not authorized\x1b[2J[/x]"},
}


class Pages:
    def __init__(self, *pages: dict[str, Any]) -> None:
        self._pages = pages

    def paginate(self, **_request: Any) -> tuple[dict[str, Any], ...]:
        return self._pages


class Account:
    """Two queues of one service: what CloudFormation, SQS and EventBridge say of them."""

    def __init__(self, input_path: str | None = None) -> None:
        self.waiting: list[dict[str, Any]] = []
        self.hidden: dict[str, dict[str, Any]] = {}
        self.sent: list[dict[str, Any]] = []
        self._input_path = input_path

    def client(self, _service: str) -> Any:
        return self

    def get_paginator(self, operation: str) -> Pages:
        if operation == "describe_stacks":
            names = (f"{PRODUCT}-dev-orders", f"{PRODUCT}-prod-orders", "another")
            return Pages({"Stacks": [{"StackName": name} for name in names]})
        if operation == "list_targets_by_rule":
            return Pages({"Targets": [{"InputPath": self._input_path} if self._input_path else {}]})
        kind = "AWS::SQS::Queue"
        return Pages(
            {
                "StackResourceSummaries": [
                    {
                        "ResourceType": kind,
                        "LogicalResourceId": f"Commands{it}0A1B2C3D",
                        "PhysicalResourceId": it,
                    }
                    for it in ("Queue", "DeadLetters")
                ]
            }
        )

    def get_queue_attributes(self, *, QueueUrl: str, **_request: Any) -> dict[str, Any]:  # noqa: N803
        policy = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": "arn:DeadLetters"})}
        return {
            "Attributes": {
                "QueueArn": f"arn:{QueueUrl}",
                "ApproximateNumberOfMessages": str(len(self.waiting)),
                **(policy if QueueUrl == "Queue" else {}),
            }
        }

    def receive_message(self, *, QueueUrl: str, **_request: Any) -> dict[str, Any]:  # noqa: N803
        assert QueueUrl == "DeadLetters"
        taken, self.waiting = self.waiting[:10], self.waiting[10:]
        self.hidden |= {it["ReceiptHandle"]: it for it in taken}
        return {"Messages": taken} if taken else {}

    def change_message_visibility(self, *, ReceiptHandle: str, **_request: Any) -> None:  # noqa: N803
        self.waiting.append(self.hidden.pop(ReceiptHandle))

    def send_message(self, **message: Any) -> None:
        self.sent.append(message)

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        assert QueueUrl == "DeadLetters"
        del self.hidden[ReceiptHandle]

    def keep(self, body: str, attributes: dict[str, Any] | None = None) -> None:
        number = len(self.waiting)
        self.waiting.append(
            {
                "MessageId": f"m-{number}",
                "ReceiptHandle": f"r-{number}",
                "Body": body,
                "MessageAttributes": attributes or {},
                "Attributes": {"SentTimestamp": str(int(time.time() * 1000) - 60_000)},
            }
        )

    def redrive(self, *, confirm: bool, queue: str = "orders/Commands") -> tuple[bool, str]:
        """Whether nothing is left, and what the operator reads."""
        console = Console(width=240, record=True, force_terminal=True)
        target = Target("a test", "dev", self.client, is_offline=True)
        done = dead_letters.redrive(target, console, queue=queue, confirm=confirm)
        return done, console.export_text()


def test_a_message_that_a_worker_parked_goes_to_its_queue_and_begins_anew() -> None:
    account = Account()
    account.keep(json.dumps(ENVELOPE), PARKED_BY_A_WORKER)
    done, said = account.redrive(confirm=True)
    assert done
    assert "failed 10 times, last with TimeoutError" in said
    assert account.sent == [
        {
            "QueueUrl": "Queue",
            "MessageBody": json.dumps(ENVELOPE),
            "MessageAttributes": BY_AN_OPERATOR,
        }
    ]
    assert account.waiting == []
    assert account.hidden == {}


@pytest.mark.parametrize(
    ("input_path", "wanted"), [("$.detail", ENVELOPE), (None, EVENT)], ids=["detail", "whole"]
)
def test_what_a_rule_could_not_deliver_goes_there_as_the_rule_would_have_put_it(
    input_path: str | None, wanted: dict[str, Any]
) -> None:
    account = Account(input_path)
    account.keep(json.dumps(EVENT), NOT_DELIVERED_BY_A_RULE)
    account.redrive(confirm=True)
    (sent,) = account.sent
    assert json.loads(sent["MessageBody"]) == wanted
    assert sent["MessageAttributes"] == BY_AN_OPERATOR


def test_nothing_is_changed_before_the_operator_says_so() -> None:
    account = Account()
    for _ in range(12):
        account.keep("[", PARKED_BY_A_WORKER)
    done, said = account.redrive(confirm=False)
    assert not done
    assert "12 wait; nothing was changed" in said
    assert len(account.waiting) == 12
    assert account.sent == []


def test_a_list_that_is_cut_says_so_and_what_is_not_shown_is_sent_all_the_same() -> None:
    account = Account()
    for _ in range(dead_letters.SHOWN + 5):
        account.keep(json.dumps(ENVELOPE))
    done, said = account.redrive(confirm=True)
    assert done
    assert "and 5 more" in said
    assert len(account.sent) == dead_letters.SHOWN + 5


def test_texts_from_outside_are_no_commands_to_the_terminal() -> None:
    account = Account()
    account.keep(json.dumps({**EVENT, "detail": {"type": "[/x]\x1b[2J"}}), NOT_DELIVERED_BY_A_RULE)
    _, said = account.redrive(confirm=False)
    assert "[red]not authorized" in said
    assert "[/x]" in said
    assert "\x1b[2J" not in said


def test_a_message_that_comes_back_meanwhile_is_left_for_the_next_look() -> None:
    account = Account()
    account.keep(json.dumps(ENVELOPE))
    account.waiting[0]["Attributes"]["SentTimestamp"] = str(int(time.time() * 1000) + 60_000)
    done, said = account.redrive(confirm=True)
    assert done
    assert "no dead letters wait" in said
    assert account.sent == []


def test_a_queue_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(OperationFailed, match="there are orders/Commands"):
        Account().redrive(confirm=False, queue="orders/\x1b[2JOrders")
