"""What goes wrong at the event log: a consumer stops, or a record comes that cannot be applied."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from stacks.services import consumers
from tools.base.errors import OperationFailed
from tools.local.faults.deployed import Deployed

_FOLLOWS = {"order-view": "ProjectOrders", "sales": "ProjectSales", "bus-publisher": "BusPublisher"}
"""The function that reads the log for each consumer."""


class StoppedConsumer:
    """The consumer's event source mapping is disabled: it gets no records."""

    choices = tuple(_FOLLOWS)

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed

    def cause(self, choice: str) -> None:
        """It stands still, until it is undone."""
        self._enable(choice, enabled=False)

    def undo(self) -> None:
        """It goes on where it stopped."""
        for consumer in _FOLLOWS:
            self._enable(consumer, enabled=True)

    def effect(self) -> str:
        """The state of the mapping."""
        return ", ".join(f"{it}: {self._mapping(it)['State'].lower()}" for it in _FOLLOWS)

    def _enable(self, consumer: str, *, enabled: bool) -> None:
        self._deployed.cloud.client("lambda").update_event_source_mapping(
            UUID=self._mapping(consumer)["UUID"], Enabled=enabled
        )

    def _mapping(self, consumer: str) -> Any:
        service = consumers()[consumer].name
        function = self._deployed.named(service, "functions", _FOLLOWS[consumer])
        pages = self._deployed.cloud.client("lambda").get_paginator("list_event_source_mappings")
        [mapping] = [
            it
            for page in pages.paginate(FunctionName=function)
            for it in page["EventSourceMappings"]
        ]
        return mapping


class PoisonRecord:
    """An event of a real order comes to the log whose data no consumer can apply.

    The log and the archive keep it, as they keep everything. Each consumer parks it and stands
    still for that order alone, until it is redriven: then it reads the order's own history.
    """

    choices = ("once",)

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed

    def cause(self, _choice: str) -> None:
        """Put it onto the log, as the next event of an order that has ended.

        Raises:
            OperationFailed: no order has ended yet.
        """
        found = self._an_order_that_has_ended()
        if found is None:
            raise OperationFailed("no order has ended yet: place one first, and wait a moment")
        order_id, version = found
        envelope = {
            "event_id": str(uuid.uuid4()),
            "type": "OrderCancelled",
            "schema_version": 2,
            "aggregate_type": "order",
            "aggregate_id": order_id,
            "version": version + 1,
            "occurred_at": datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "correlation_id": str(uuid.uuid4()),
            "causation_id": None,
            "traceparent": f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-00",
            "data": {"reason": 7},
        }
        self._deployed.cloud.client("kinesis").put_record(
            StreamName=self._deployed.named("event-log", "streams", "EventStream"),
            PartitionKey=order_id,
            # The relay ends each record so: the archive is read by lines.
            Data=json.dumps(envelope).encode() + b"\n",
        )

    def undo(self) -> None:
        """Every consumer applies again what it has parked."""
        for consumer in consumers():
            self._redrive(consumer, dry_run=False)

    def effect(self) -> str:
        """Who has parked something."""
        found = self.parked()
        told = ", ".join(f"{name} {count}" for name, count in found.items() if count)
        return f"parked: {told}" if told else "nobody has parked anything"

    def redriven(self, consumer: str) -> int:
        """How many records a consumer has applied again."""
        return len(self._redrive(consumer, dry_run=False))

    def parked(self) -> dict[str, int]:
        """How many records each consumer has parked."""
        return {it: len(self._redrive(it, dry_run=True)) for it in consumers()}

    def _redrive(self, consumer: str, *, dry_run: bool) -> list[dict[str, Any]]:
        service = consumers()[consumer]
        answer = self._deployed.target.call(
            service.name, service.parameter_of(consumer, "redrive-arn"), {"dry_run": dry_run}
        )
        parked: list[dict[str, Any]] = answer["parked"]
        return parked

    def can_be_caused(self) -> bool:
        """Whether there is an order whose next event it can pretend to be."""
        return self._an_order_that_has_ended() is not None

    def _an_order_that_has_ended(self) -> tuple[str, int] | None:
        """The id and the last version of one."""
        pages = (
            self._deployed.cloud.client("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=self._deployed.named("fulfilment", "tables", "Sagas"),
                FilterExpression="part = :saga AND #state = :ended",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={":saga": {"S": "saga"}, ":ended": {"S": "ended"}},
            )
        )
        for page in pages:
            for item in page["Items"]:
                order_id = item["order_id"]["S"]
                return order_id, self._version(order_id)
        return None

    def _version(self, order_id: str) -> int:
        events = self._deployed.cloud.client("dynamodb").query(
            TableName=self._deployed.named("orders", "tables", "EventStore"),
            KeyConditionExpression="order_id = :order",
            ExpressionAttributeValues={":order": {"S": order_id}},
            ScanIndexForward=False,
            Limit=1,
        )["Items"]
        return int(events[0]["version"]["N"])
