"""What AWS bills for a call: request units by the sizes of items, records rounded up, requests."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tools.measure.costs.counting import Call
from tools.measure.costs.prices import Charge

Item = Mapping[str, Any]
Finder = Callable[[str, Item], Item | None]
"""The item of a table that has this key, as it is now."""
Indexes = Mapping[str, tuple[frozenset[str], ...]]
"""For each table the key attributes of each of its indexes."""

GB = 1024**3
KB = 1024
_WRITE_UNIT = KB
_READ_UNIT = 4 * KB
_MESSAGE_UNIT = 64 * KB
FIREHOSE_UNIT = 5 * KB


def charges(call: Call, owner: str, find: Finder, indexes: Indexes) -> Iterator[Charge]:
    """What one call is billed as, besides the time of the function that waits for it."""
    request = call.request
    match call.service, call.operation:
        case "dynamodb", ("PutItem" | "UpdateItem" | "DeleteItem"):
            units = _write(request, find, indexes)
            yield Charge("DynamoDB writes", "dynamodb-writes", units, owner)
        case "dynamodb", "TransactWriteItems":
            actions = [next(iter(it.values())) for it in request["TransactItems"]]
            units = 2 * sum(_write(action, find, indexes) for action in actions)
            yield Charge("DynamoDB writes", "dynamodb-writes", units, owner)
        case "dynamodb", "BatchWriteItem":
            for table, puts in request["RequestItems"].items():
                for put in puts:
                    action = {"TableName": table, **next(iter(put.values()))}
                    units = _write(action, find, indexes)
                    yield Charge("DynamoDB writes", "dynamodb-writes", units, owner)
        case "dynamodb", ("GetItem" | "Query" | "Scan" | "BatchGetItem" | "TransactGetItems"):
            yield Charge("DynamoDB reads", "dynamodb-reads", _read(call), owner)
        case "kinesis", ("PutRecord" | "PutRecords"):
            for record in request.get("Records", [request]):
                yield Charge("event log", "kinesis-in", record_bytes(record, KB) / GB, owner)
        case "events", "PutEvents":
            units = sum(_chunks(_text(it)) for it in request["Entries"])
            yield Charge("bus", "bus-events", units, owner)
        case "sqs", operation if not operation.startswith("SendMessage"):  # see orders._queues
            yield Charge("queues", "queue-requests", 1, owner)
        case "sns", ("Publish" | "PublishBatch"):
            yield Charge("topics", "topic-publishes", max(1, math.ceil(call.sent / 65_536)), owner)
        case "secretsmanager", _:
            yield Charge("secrets", "secret-requests", 1, owner)
        case "kms", _:
            yield Charge("keys", "key-requests", 1, owner)
        case "appconfig" | "appconfigdata", _:
            yield Charge("configuration", "config-requests", 1, owner)
        case "s3", operation if operation.startswith(("PUT", "POST")):
            yield Charge("S3", "s3-puts", 1, owner)


def item_bytes(item: Item) -> int:
    """The size of an item by which DynamoDB bills: its attributes' names and values."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def record_bytes(record: Mapping[str, Any], unit: int) -> int:
    """A Kinesis record's data, rounded up to whole units."""
    return math.ceil(len(base64.b64decode(record["Data"])) / unit) * unit


def _value_bytes(value: Mapping[str, Any]) -> int:
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return math.ceil(len(content.strip("-").replace(".", "")) / 2) + 1
        case "B":
            return len(base64.b64decode(content))
        case "L":
            return 3 + sum(1 + _value_bytes(it) for it in content)
        case "M":
            return 3 + sum(
                1 + len(name.encode()) + _value_bytes(it) for name, it in content.items()
            )
        case "SS":
            return sum(len(it.encode()) for it in content)
        case "NS":
            return sum(_value_bytes({"N": it}) for it in content)
        case "BS":
            return sum(_value_bytes({"B": it}) for it in content)
        case _:  # NULL, BOOL
            return 1


def _write(action: Mapping[str, Any], find: Finder, indexes: Indexes) -> int:
    """Units of one write; an item that is not known any more counts as a small one."""
    table = action["TableName"].rpartition("/")[2]
    item = action.get("Item") or find(table, action["Key"]) or action["Key"]
    units = max(1, math.ceil(item_bytes(item) / _WRITE_UNIT))
    if "Item" not in action and "UpdateExpression" not in action:
        return units  # a check or a deletion: what it does to indexes is left out
    return units * (1 + sum(keys <= item.keys() for keys in indexes.get(table, ())))


def _read(call: Call) -> float:
    """Units of one read: strongly consistent ones whole, others half."""
    request, response = call.request, call.response
    match call.operation:
        case "Query" | "Scan":  # billed as one, by the sum
            size = sum(item_bytes(item) for item in response.get("Items", []))
            units = max(1, math.ceil(size / _READ_UNIT))
            return units if request.get("ConsistentRead") else units / 2
        case "GetItem":
            units = _units_of(response.get("Item"))
            return units if request.get("ConsistentRead") else units / 2
        case "BatchGetItem":
            total = 0.0
            for table, wanted in request["RequestItems"].items():
                found = response.get("Responses", {}).get(table, [])
                units = sum(_units_of(item) for item in found)
                units += max(0, len(wanted["Keys"]) - len(found))  # absent ones cost a unit too
                total += units if wanted.get("ConsistentRead") else units / 2
            return total
        case _:  # TransactGetItems
            return 2 * sum(_units_of(it.get("Item")) for it in response.get("Responses", []))


def _units_of(item: Item | None) -> int:
    return max(1, math.ceil(item_bytes(item or {}) / _READ_UNIT))


def _text(entry: Mapping[str, Any]) -> str:
    return "".join(str(entry.get(name, "")) for name in ("Source", "DetailType", "Detail"))


def _chunks(text: str) -> int:
    return max(1, math.ceil(len(text.encode()) / _MESSAGE_UNIT))
