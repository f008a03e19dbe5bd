"""Counts what AWS would bill for orders that really go through the system."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tools.base.endpoint import Cloud
from tools.emulator.function_logs import PLATFORM_LINES
from tools.measure.costs import units
from tools.measure.costs.assumptions import Assumptions
from tools.measure.costs.counting import Call
from tools.measure.costs.errors import MeasurementError
from tools.measure.costs.prices import Charge
from tools.measure.costs.shop import ORDER, Shop, functions

WARM_UP = 2
"""Orders before the counting: each function fetches its secrets once, when it starts."""
LOG_LINE_BYTES = 26
"""What CloudWatch adds to each line that it bills."""
OBJECTS_AN_HOUR = 60
"""Firehose writes one a minute, however many orders there were in it."""
ENCRYPTED = {"dynamodb": "TableName", "sqs": "QueueUrl", "kinesis": "StreamARN"}
"""Services whose clients use a customer's key here, and what names the resource in a request."""


@dataclass
class Counted:
    """What ``orders`` orders did."""

    orders: int
    charges: list[Charge] = field(default_factory=list)
    calls: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By function, service and operation."""
    invocations: Counter[str] = field(default_factory=Counter)
    transitions: int = 0
    repeated: int = 0


def count(
    shop: Shop, orders: int, assumed: Assumptions, lines: int = len(ORDER["lines"])
) -> Counted:
    """Place orders of so many lines one after the other, and reckon what they are billed as.

    Raises:
        MeasurementError: an order did not go through, or nothing was seen of what it did.
    """
    for _ in range(WARM_UP):
        shop.place_one(lines)
    shop.settle()
    shop.proxy.forget()
    begun = int(time.time() * 1000)
    placed = [shop.place_one(lines) for _ in range(orders)]
    shop.settle()
    timed = started_by_the_clock(shop)
    calls = [call for call in shop.proxy.calls if call.caller not in timed]
    if not calls:
        raise MeasurementError("no function's call was seen: do they use the proxy?")
    counted = Counted(orders, repeated=shop.proxy.repeated)
    counted.calls.update((call.caller, call.service, call.operation) for call in calls)
    counted.charges += [Charge("API", "api-requests", orders, "orders")]
    counted.charges += [Charge("API", "api-requests", orders, "order-views")]
    counted.charges += billed_calls(calls, shop.cloud)
    counted.charges += _log_readers(calls, shop)
    share_of_a_month = orders / assumed.orders
    objects = assumed.hours * OBJECTS_AN_HOUR * share_of_a_month
    counted.charges += [Charge("archive", "s3-puts", objects, "event-log")]
    counted.charges += _functions(shop, counted, begun, assumed, timed)
    counted.charges += _saga(shop, counted, placed)
    counted.charges += _queues(shop, counted)
    counted.charges += _keys(calls, assumed.key_requests * share_of_a_month)
    counted.charges += _agents(shop, counted, assumed.agent_polls * share_of_a_month)
    return counted


def billed_calls(calls: list[Call], cloud: Cloud) -> Iterator[Charge]:
    """What the calls themselves are billed as; items are looked up as they are now."""
    dynamodb = cloud.client("dynamodb")
    tables = {
        call.request["TableName"].rpartition("/")[2]
        for call in calls
        if "TableName" in call.request
    }
    indexes = {table: _indexes(dynamodb.describe_table(TableName=table)) for table in tables}

    @cache
    def look_up(table: str, key: str) -> Any:
        return dynamodb.get_item(TableName=table, Key=json.loads(key)).get("Item")

    for call in calls:
        owner = call.caller.partition("/")[0]
        yield from units.charges(
            call, owner, lambda table, key: look_up(table, json.dumps(key)), indexes
        )


def started_by_the_clock(shop: Shop) -> frozenset[str]:
    """Functions that run as often with orders as without: an idle month pays for them."""
    events = shop.cloud.client("events")
    names = [it["Name"] for it in events.list_rules()["Rules"] if it.get("ScheduleExpression")]
    arns = {
        target["Arn"]
        for name in names
        for target in events.list_targets_by_rule(Rule=name)["Targets"]
    }
    return frozenset(
        function.label
        for function in functions(shop.outputs, shop.cloud)
        if any(arn.endswith(f":function:{function.deployed_name}") for arn in arns)
    )


def _indexes(described: Mapping[str, Any]) -> tuple[frozenset[str], ...]:
    return tuple(
        frozenset(part["AttributeName"] for part in index["KeySchema"])
        for index in described["Table"].get("GlobalSecondaryIndexes", [])
    )


def _log_readers(calls: list[Call], shop: Shop) -> Iterator[Charge]:
    """Every function that reads the log pays for all of it, and so does Firehose."""
    records = [
        record
        for call in calls
        if call.service == "kinesis" and call.operation in ("PutRecord", "PutRecords")
        for record in call.request.get("Records", [call.request])
    ]
    volume = sum(units.record_bytes(record, units.KB) for record in records) / units.GB
    readers = 1 + sum(":kinesis:" in it["EventSourceArn"] for it in _mappings(shop))
    yield Charge("event log", "kinesis-out", readers * volume, "event-log")
    archived = sum(units.record_bytes(record, units.FIREHOSE_UNIT) for record in records)
    yield Charge("archive", "firehose-in", archived / units.GB, "event-log")


def _functions(
    shop: Shop, counted: Counted, begun: int, assumed: Assumptions, timed: frozenset[str]
) -> Iterator[Charge]:
    """Invocations and log lines as they were logged; durations from the calls."""
    made = Counter(caller for caller, _, _ in counted.calls.elements())
    for function in functions(shop.outputs, shop.cloud):
        if function.label in timed:
            continue
        lines = _log_lines(shop.cloud, function.log_group, begun)
        invocations = sum(line.startswith("START RequestId:") for line in lines)
        if not invocations:
            continue
        counted.invocations[function.label] = invocations
        milliseconds = (
            invocations * assumed.own_milliseconds
            + made[function.label] * assumed.call_milliseconds
        )
        gb_seconds = function.memory / 1024 * milliseconds / 1000
        logged = log_bytes(lines, told_by_lambda=function.told_by_lambda)
        owner = function.owner
        yield Charge("function requests", "lambda-requests", invocations, owner)
        yield Charge("function time (assumed)", "lambda-compute", gb_seconds, owner)
        yield Charge("logs", "log-ingestion", logged / units.GB, owner)
        if function.begins_traces:
            yield Charge("traces", "traces", invocations * assumed.sampled, owner)


def log_bytes(lines: Iterable[str], *, told_by_lambda: bool) -> int:
    """What CloudWatch bills of lines; the emulator writes Lambda's own whatever the level is."""
    billed = (it for it in lines if told_by_lambda or not it.startswith(PLATFORM_LINES))
    return sum(len(it.encode()) + LOG_LINE_BYTES for it in billed)


def _log_lines(cloud: Cloud, group: str, since: int) -> list[str]:
    logs = cloud.client("logs")
    try:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=since
        )
        return [event.get("message", "") for page in pages for event in page["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []  # it never ran


def _saga(shop: Shop, counted: Counted, placed: list[str]) -> Iterator[Charge]:
    machine = shop.outputs["services"]["fulfilment"]["state_machines"]["Saga"]
    pages = shop.cloud.client("stepfunctions").get_paginator("get_execution_history")
    for order_id in placed:
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{order_id}"
        counted.transitions += sum(
            event["type"].endswith("StateEntered")
            for page in pages.paginate(executionArn=arn)
            for event in page["events"]
        )
    yield Charge("saga", "state-transitions", counted.transitions, "fulfilment")


def _queues(shop: Shop, counted: Counted) -> Iterator[Charge]:
    """A message is sent, received and deleted; who comes alone makes one invocation."""
    fed = {
        it["FunctionArn"].split(":function:")[1].split(":")[0]
        for it in _mappings(shop)
        if ":sqs:" in it["EventSourceArn"]
    }
    for function in functions(shop.outputs, shop.cloud):
        if function.deployed_name in fed and (messages := counted.invocations[function.label]):
            yield Charge("queues", "queue-requests", 3 * messages, function.owner)


def _mappings(shop: Shop) -> list[dict[str, Any]]:
    pages = shop.cloud.client("lambda").get_paginator("list_event_source_mappings").paginate()
    return [dict(it) for page in pages for it in page["EventSourceMappings"]]


def _keys(calls: list[Call], requests: float) -> Iterator[Charge]:
    """Clients keep keys for a while: so many requests for each client of each resource."""
    used = {
        (call.caller, str(call.request[ENCRYPTED[call.service]]))
        for call in calls
        if call.service in ENCRYPTED and ENCRYPTED[call.service] in call.request
    }
    for caller, _ in sorted(used):
        yield Charge("keys", "key-requests", requests, caller.partition("/")[0])


def _agents(shop: Shop, counted: Counted, polls: float) -> Iterator[Charge]:
    """Beside each function that ran, for each of its documents; offline nobody bills the agent."""
    for function in functions(shop.outputs, shop.cloud):
        if function.documents and counted.invocations[function.label]:
            requests = function.documents * polls
            yield Charge("configuration", "config-requests", requests, function.owner)
