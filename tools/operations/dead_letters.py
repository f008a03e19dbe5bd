"""Dead letters of queues: list them, show them, and send them to their queue again.

SQS's own redrive moves only what SQS itself has set aside. A message that a worker has parked has
no source queue for it, so here each one is sent to the queue whose dead letters they are. What a
rule of the bus could not deliver is the whole event: its queue gets what the rule asks for.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from contracts.product import PRODUCT
from shared.messaging.letters import Letter, letter_of, send_again
from tools.base.errors import OperationFailed
from tools.base.target import Target

SHOWN = 100
HIDDEN_SECONDS = 120
"""For how long a message is hidden from others who look, so that nobody sends it twice at once."""
SERVER_WAIT_SECONDS = 1
UNPRINTABLE = re.compile(r"[^\x20-\x7e\u00a0-\u024f]")


@dataclass(frozen=True)
class DeadLetterQueue:
    """``name`` is the service and the queue, such as ``payments/Commands``; ``waiting`` a count."""

    name: str
    url: str
    queue_url: str
    waiting: int


def show_queues(target: Target, console: Console) -> bool:
    """Every dead-letter queue with what waits in it. False if something waits anywhere."""
    queues = sorted(_queues(target), key=lambda it: it.name)
    table = Table(Column("queue", no_wrap=True), Column("dead letters", justify="right"), box=None)
    for queue in queues:
        table.add_row(queue.name, str(queue.waiting))
    console.print(table)
    if not any(queue.waiting for queue in queues):
        return True
    console.print("QUEUE=service/Queue shows the messages of one", style="bold")
    return False


def redrive(target: Target, console: Console, *, queue: str, confirm: bool) -> bool:
    """Show what waits; with ``confirm``, send it to its queue again. False if something is left.

    Raises:
        OperationFailed: there is no such queue.
    """
    known = {it.name: it for it in _queues(target)}
    if queue not in known:
        names = ", ".join(sorted(known))
        raise OperationFailed(f"no queue is called {_plain(queue)}; there are {names}")
    chosen = known[queue]
    table = _table()
    counted = 0
    looked_at: list[Letter] = []
    for letter in _letters(target, chosen):
        counted += 1
        if counted <= SHOWN:
            _add(table, letter)
        if confirm:
            send_again(
                target.client("sqs"),
                letter,
                dead_letters_url=chosen.url,
                queue_url=chosen.queue_url,
            )
        else:
            looked_at.append(letter)
    for letter in looked_at:
        _show_again(target, chosen, letter)
    if not counted:
        console.print(f"no dead letters wait in {queue}")
        return True
    console.print(table)
    if counted > SHOWN:
        console.print(f"and {counted - SHOWN} more")
    if confirm:
        console.print(f"sent to {queue} again: {counted}", style="bold")
        return True
    console.print(
        f"{counted} wait; nothing was changed; CONFIRM=yes sends them to {queue} again",
        style="bold",
    )
    return False


def _queues(target: Target) -> Iterator[DeadLetterQueue]:
    """Every queue of the environment that has dead letters."""
    sqs = target.client("sqs")
    prefix = f"{PRODUCT}-{target.environment}-"
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for stack in _stacks(target, prefix):
        pages = target.client("cloudformation").get_paginator("list_stack_resources")
        for page in pages.paginate(StackName=stack):
            for resource in page["StackResourceSummaries"]:
                if resource["ResourceType"] != "AWS::SQS::Queue":
                    continue
                url = resource["PhysicalResourceId"]
                attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
                name = re.sub(r"[0-9A-F]{8}$", "", resource["LogicalResourceId"])
                service = stack.removeprefix(prefix)
                arn = attributes["Attributes"]["QueueArn"]
                found[arn] = (url, {**attributes["Attributes"], "name": f"{service}/{name}"})
    for url, attributes in found.values():
        policy = json.loads(attributes.get("RedrivePolicy") or "{}")
        if policy.get("deadLetterTargetArn") in found:
            dead_url, dead = found[policy["deadLetterTargetArn"]]
            yield DeadLetterQueue(
                attributes["name"].removesuffix("Queue"),
                dead_url,
                url,
                int(dead["ApproximateNumberOfMessages"]),
            )


def _stacks(target: Target, prefix: str) -> Iterator[str]:
    pages = target.client("cloudformation").get_paginator("describe_stacks")
    for page in pages.paginate():
        for stack in page["Stacks"]:
            if stack["StackName"].startswith(prefix):
                yield stack["StackName"]


def _letters(target: Target, queue: DeadLetterQueue) -> Iterator[Letter]:
    """What waits, each once; what comes back meanwhile is left for the next look."""
    sqs = target.client("sqs")
    begun = time.time()
    input_path = _input_paths(target)
    seen: set[str] = set()
    while True:
        messages = sqs.receive_message(
            QueueUrl=queue.url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=SERVER_WAIT_SECONDS,
            MessageAttributeNames=["All"],
            AttributeNames=["All"],
        ).get("Messages", [])
        if not messages:
            return
        for message in messages:
            if message["MessageId"] not in seen and _sent_at(message) <= begun:
                seen.add(message["MessageId"])
                yield _letter(message, input_path)


def _letter(message: dict[str, Any], input_path: Callable[[str], str | None]) -> Letter:
    letter = letter_of(message)
    if letter.rule_arn is not None and input_path(letter.rule_arn) == "$.detail":
        return replace(letter, body=_detail_of(letter.body))
    return letter


def _sent_at(message: dict[str, Any]) -> float:
    return int(message["Attributes"]["SentTimestamp"]) / 1000


def _input_paths(target: Target) -> Callable[[str], str | None]:
    """What part of an event a rule's target gets, by the rule's ARN; None: all of it."""

    @cache
    def input_path(rule_arn: str) -> str | None:
        *bus, name = rule_arn.partition(":rule/")[2].split("/")
        named_bus = {"EventBusName": bus[0]} if bus else {}
        pages = target.client("events").get_paginator("list_targets_by_rule")
        for page in pages.paginate(Rule=name, **named_bus):
            for it in page["Targets"]:
                if it.get("InputPath"):
                    return str(it["InputPath"])
        return None

    return input_path


def _detail_of(body: str) -> str:
    """An event's detail as the rule's target would have got it; what is no event stays as it is."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return body
    if not isinstance(event, dict) or "detail" not in event:
        return body
    return json.dumps(event["detail"], ensure_ascii=False, separators=(",", ":"))


def _show_again(target: Target, queue: DeadLetterQueue, letter: Letter) -> None:
    target.client("sqs").change_message_visibility(
        QueueUrl=queue.url, ReceiptHandle=letter.receipt, VisibilityTimeout=0
    )


def _table() -> Table:
    table = Table(*(Column(name, no_wrap=True) for name in ("since", "message", "order")), box=None)
    table.add_column("reason", overflow="fold")
    return table


def _add(table: Table, letter: Letter) -> None:
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(letter.sent_at))
    table.add_row(since, *(Text(_plain(it)) for it in (*_what(letter.body), letter.reason)))


def _what(body: str) -> tuple[str, str]:
    """Type and order, as far as the body says."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    if isinstance(message, dict) and isinstance(message.get("detail"), dict):
        message = message["detail"]
    if not isinstance(message, dict):
        return "", ""
    return str(message.get("type", ""))[:40], str(message.get("aggregate_id", ""))[:40]


def _plain(text: str) -> str:
    """Text from outside without what a terminal would obey."""
    return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
