"""The system from outside: its APIs as customers call them, its stores as AWS clients do."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

from tests.support.drivers.offline import Answer, call, eventually

ADDRESS = "9b2e7c1a-5d3f-4e8b-a6c4-2f1e0d9c8b7a"
GZIP = b"\x1f\x8b"
Event = dict[str, Any]


def an_order(quantity: int = 1) -> dict[str, Any]:
    """The body of an order of blue mugs."""
    return {
        "lines": [{"sku": "MUG-BLUE", "quantity": quantity}],
        "currency": "EUR",
        "ship_to": {"address_id": ADDRESS, "country": "DE", "postcode_area": "10"},
    }


@dataclass(frozen=True)
class System:
    """What an outputs file names, wherever it runs; ``token_of`` signs a user in."""

    outputs: Mapping[str, Any]
    token_of: Callable[[str], str]
    _tokens: dict[str, str] = field(default_factory=dict)

    # As a customer

    def place(
        self, body: Any = None, *, key: str | None = None, user: str = "demo", **headers: str
    ) -> Answer:
        """POST /v1/orders, with a new idempotency key unless one is given."""
        return self.call(
            "POST", "orders", "/v1/orders", body or an_order(), key=key, user=user, **headers
        )

    def placed(self, user: str = "demo") -> str:
        """The id of an order that was just placed."""
        answer = self.place(user=user)
        assert answer.status == 202, answer.body
        order_id: str = answer.json["order_id"]
        return order_id

    def cancelled(self, user: str = "demo") -> str:
        """The id of an order that was cancelled before fulfilment was done with it."""
        for _attempt in range(5):
            order_id = self.placed(user)
            if self.cancel(order_id, user=user).status == 202:
                return order_id
        raise AssertionError("fulfilment was always faster than the customer")

    def cancel(self, order_id: str, *, key: str | None = None, user: str = "demo") -> Answer:
        """POST /v1/orders/{order_id}/cancellation."""
        path = f"/v1/orders/{order_id}/cancellation"
        return self.call("POST", "orders", path, {"reason": "other"}, key=key, user=user)

    def history(self, order_id: str, query: str = "", user: str = "demo") -> Answer:
        """GET /v1/orders/{order_id}/history."""
        return self.call("GET", "orders", f"/v1/orders/{order_id}/history{query}", user=user)

    def view(self, order_id: str, query: str = "", user: str = "demo") -> Answer:
        """GET /v1/orders/{order_id}."""
        return self.call("GET", "order-views", f"/v1/orders/{order_id}{query}", user=user)

    def orders(self, query: str = "", user: str = "demo") -> Answer:
        """GET /v1/orders."""
        return self.call("GET", "order-views", f"/v1/orders{query}", user=user)

    def call(
        self,
        method: str,
        service: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        user: str = "demo",
        **headers: str,
    ) -> Answer:
        """One request of a signed-in user. Headers are given with ``_`` for ``-``.

        Who gets no answer asks again, with the same key: that is what the key is for.
        """
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if method == "POST":
            sent["Idempotency-Key"] = key or str(uuid.uuid4())
        url = self.outputs["services"][service]["urls"]["Api"] + path
        try:
            return call(method, url, token=self._token(user), body=body, headers=sent)
        except TimeoutError:
            return call(method, url, token=self._token(user), body=body, headers=sent)

    def visible(self, order_id: str, version: int, within: float = 20.0) -> Any:
        """The order's view once it has that version. Fails if that takes longer."""

        def read() -> Any:
            answer = self.view(order_id, f"?min_version={version}")
            return answer.json if answer.status == 200 else None

        return eventually(read, timeout=within)

    # As any AWS client

    def stored(self, order_id: str) -> list[Event]:
        """An order's items in the event store, by version, as plain text."""
        answer = self.client("dynamodb").query(
            TableName=self._named("orders", "tables", "EventStore"),
            KeyConditionExpression="order_id = :id",
            ExpressionAttributeValues={":id": {"S": order_id}},
            ConsistentRead=True,
        )
        return [
            {name: next(iter(value.values())) for name, value in item.items()}
            for item in answer["Items"]
        ]

    def viewed(self, order_id: str) -> Event | None:
        """An order's item in the read model."""
        answer = self.client("dynamodb").get_item(
            TableName=self._named("order-views", "tables", "OrderView"),
            Key={"view_id": {"S": f"g1#{order_id}"}},
        )
        item: Event | None = answer.get("Item")
        return item

    def logged(self, order_id: str) -> list[tuple[str, Event]]:
        """An order's records on the log, in the log's order: partition key and event."""
        kinesis, found = self.client("kinesis"), []
        stream = self._named("event-log", "streams", "EventStream")
        for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
            iterator = kinesis.get_shard_iterator(
                StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            while iterator:
                answer = kinesis.get_records(ShardIterator=iterator)
                for record in answer["Records"]:
                    event = _event(record["Data"])
                    if event.get("aggregate_id") == order_id:
                        found.append((record["PartitionKey"], event))
                at_the_tip = not answer["Records"] and not answer.get("MillisBehindLatest")
                iterator = None if at_the_tip else answer.get("NextShardIterator")
        return found

    def archived(self, order_id: str) -> list[Event]:
        """An order's events in the archive, one from each line that is one."""
        return [event for event in self._archive() if event.get("aggregate_id") == order_id]

    def client(self, service: Any) -> Any:
        """A client of one AWS service: of the emulator, if the outputs name its endpoint."""
        endpoint = self.outputs.get("endpoint")
        config = Config(proxies={}) if endpoint else None
        return self._session.client(service, endpoint_url=endpoint, config=config)

    @cached_property
    def _session(self) -> boto3.Session:
        region = self.outputs["region"]
        if "endpoint" not in self.outputs:
            return boto3.Session(region_name=region)
        return boto3.Session(
            aws_access_key_id=self.outputs["account"],
            aws_secret_access_key="any",
            region_name=region,
        )

    def _archive(self) -> Iterator[Event]:
        s3, bucket = self.client("s3"), self._named("event-log", "buckets", "Archive")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="events/"):
            for entry in page.get("Contents", []):
                body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
                text = gzip.decompress(body) if body.startswith(GZIP) else body
                yield from map(_event, text.splitlines())

    def _named(self, service: str, heading: str, name: str) -> str:
        value: str = self.outputs["services"][service][heading][name]
        return value

    def _token(self, user: str) -> str:
        if user not in self._tokens:
            self._tokens[user] = self.token_of(user)
        return self._tokens[user]


def _event(line: bytes) -> Event:
    """The event in a line; nothing if it is poison, which other tests put on the log."""
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
