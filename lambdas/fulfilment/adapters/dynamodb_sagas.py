"""Sagas on DynamoDB: one item for the saga and one for each command, under the order's id."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any, cast

import msgspec
from botocore.exceptions import ClientError

from fulfilment.domain.saga import MessageContext, Reply, Saga, SagaState, SentCommand, StuckSaga
from fulfilment.ports import UnknownCommand
from shared.runtime import clock
from shared.runtime.dynamodb_pages import every_item

Item = dict[str, dict[str, str]]
SAGA = "saga"
CONFIRMED_END = "confirmed"
"""How most sagas end; the state machine notes the other ends."""
LOOK = "look-for-missed-orders"
MOST_KEYS = 100
RETENTION = timedelta(days=180)
"""How long commands and their answers are kept: nobody resumes a saga after that.

The saga itself is kept for ever, as the order is: Step Functions forgets an execution's name after
90 days, and the bus may tell of an order after that once more.
"""
SHARDS = "0123456789abcdef"
"""First characters of order ids: no partition of the index takes all writes."""


class DynamoDbSagas:
    """Implements ``fulfilment.ports.SagaStore``.

    The table's key is ``order_id`` (S) and ``part`` (S: ``saga`` or a step's name); its index is
    keyed by ``open`` (S) and ``due_at`` (S) and holds only sagas whose order may still be placed.
    The index of stuck sagas is keyed by ``stuck`` (S) and ``stuck_at`` (S). ``client`` is a
    botocore DynamoDB client.
    """

    def __init__(self, client: Any, table_name: str, index_name: str, stuck_index: str) -> None:
        self._client = client
        self._table = table_name
        self._index = index_name
        self._stuck_index = stuck_index

    def begin(self, saga: Saga) -> Saga:
        """One conditional put; an earlier saga of the order stays, and is returned."""
        try:
            self._client.put_item(
                TableName=self._table,
                Item=_saga_item(saga),
                ConditionExpression="attribute_not_exists(order_id)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            return _to_saga(_existing(error))
        return saga

    def saga(self, order_id: str) -> Saga | None:
        """The saga's own item."""
        answer = self._client.get_item(
            TableName=self._table, Key=_key(order_id, SAGA), ConsistentRead=True
        )
        return _to_saga(answer["Item"]) if "Item" in answer else None

    def begin_attempt(self, saga: Saga, due_at: str) -> Saga | None:
        """One update on the condition that nobody else has counted on."""
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key(saga.order_id, SAGA),
                UpdateExpression=(
                    "SET attempt = :next, due_at = :due, #state = :running, #open = :shard"
                    " REMOVE stuck, stuck_at"
                ),
                ConditionExpression="attempt = :present",
                ExpressionAttributeNames={"#state": "state", "#open": "open"},
                ExpressionAttributeValues={
                    ":next": {"N": str(saga.attempt + 1)},
                    ":present": {"N": str(saga.attempt)},
                    ":due": {"S": due_at},
                    ":running": {"S": SagaState.RUNNING},
                    ":shard": {"S": _shard(saga.order_id)},
                },
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            _existing(error)
            return None
        return _to_saga(answer["Attributes"])

    def postpone(self, saga: Saga, due_at: str) -> None:
        """Only if it is still open."""
        self._update(
            saga.order_id,
            "SET due_at = :due",
            {":due": {"S": due_at}},
            condition="attribute_exists(#open)",
            names={"#open": "open"},
        )

    def mark_stuck(self, order_id: str, now: str, *, settled: bool) -> None:
        """A settled order needs no sweeper. The commands of what is stuck expire no more: by them a
        new execution knows what there is to undo.
        """
        for command in self.commands(order_id):
            self._client.update_item(
                TableName=self._table,
                Key=_key(order_id, command.step),
                UpdateExpression="REMOVE expires_at",
            )
        self._update(
            order_id,
            "SET #state = :state, stuck = :stuck, stuck_at = :now"
            + (" REMOVE #open" if settled else ""),
            {
                ":state": {"S": SagaState.STUCK},
                ":stuck": {"S": SagaState.STUCK},
                ":now": {"S": now},
            },
            condition="attribute_exists(order_id)",
            names={"#state": "state"} | ({"#open": "open"} if settled else {}),
        )

    def close(self, order_id: str) -> None:
        """Only what runs."""
        self._update(
            order_id,
            "SET #state = :state, #end = :end REMOVE #open",
            {
                ":state": {"S": SagaState.ENDED},
                ":end": {"S": CONFIRMED_END},
                ":running": {"S": SagaState.RUNNING},
            },
            condition="#state = :running",
            names={"#state": "state", "#end": "end", "#open": "open"},
        )

    def mark_ended(self, order_id: str) -> None:
        """Out of everybody's sight."""
        self._update(
            order_id,
            "SET #state = :state REMOVE #open, stuck, stuck_at",
            {":state": {"S": SagaState.ENDED}},
            condition="attribute_exists(order_id)",
            names={"#state": "state", "#open": "open"},
        )

    def overdue(self, before: str) -> Iterator[Saga]:
        """The index by shard, oldest first."""
        for shard in SHARDS:
            yield from map(
                _to_saga,
                self._all(
                    self._index,
                    KeyConditionExpression="#open = :shard AND due_at < :before",
                    ExpressionAttributeNames={"#open": "open"},
                    ExpressionAttributeValues={":shard": {"S": shard}, ":before": {"S": before}},
                ),
            )

    def stuck(self, after: StuckSaga | None = None) -> Iterator[StuckSaga]:
        """The whole index, oldest first: it holds nothing else."""
        for item in self._all(
            self._stuck_index,
            after=_stuck_key(after) if after else None,
            KeyConditionExpression="stuck = :stuck",
            ExpressionAttributeValues={":stuck": {"S": SagaState.STUCK}},
        ):
            yield StuckSaga(item["order_id"]["S"], item["stuck_at"]["S"])

    def _all(self, index: str, *, after: Item | None = None, **query: Any) -> Iterator[Item]:
        if after:
            query["ExclusiveStartKey"] = after
        return every_item(self._client, TableName=self._table, IndexName=index, **query)

    def without_saga(self, order_ids: Iterable[str]) -> Iterator[str]:
        """A hundred at a time, which is what one call takes."""
        for some in _batched(order_ids, MOST_KEYS):
            found = {it["order_id"]["S"] for it in self._found(some, "order_id", {})}
            yield from (order_id for order_id in some if order_id not in found)

    def ends(self, order_ids: Sequence[str]) -> dict[str, str | None]:
        """A hundred at a time; a copy that is a moment old will do."""
        names = {"#state": "state", "#end": "end"}
        items = (
            item
            for some in _batched(order_ids, MOST_KEYS)
            for item in self._found(some, "order_id, #state, #end", names, consistent=False)
        )
        return {
            it["order_id"]["S"]: it["end"]["S"] if "end" in it else None
            for it in items
            if it["state"]["S"] == SagaState.ENDED
        }

    def _found(
        self,
        order_ids: Iterable[str],
        attributes: str,
        names: dict[str, str],
        *,
        consistent: bool = True,
    ) -> Iterator[Item]:
        """The sagas' own items, of no more orders than one call takes."""
        asked = [_key(order_id, SAGA) for order_id in order_ids]
        while asked:
            request: dict[str, Any] = {
                "Keys": asked,
                "ConsistentRead": consistent,
                "ProjectionExpression": attributes,
            }
            if names:
                request["ExpressionAttributeNames"] = names
            answer = self._client.batch_get_item(RequestItems={self._table: request})
            yield from answer["Responses"].get(self._table, ())
            asked = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])

    def looked_until(self) -> str | None:
        """An item of its own, under the id of no order."""
        answer = self._client.get_item(
            TableName=self._table, Key=_key(LOOK, LOOK), ConsistentRead=True
        )
        return answer["Item"]["looked_until"]["S"] if "Item" in answer else None

    def note_looked_until(self, moment: str) -> None:
        """One put."""
        self._client.put_item(
            TableName=self._table, Item={**_key(LOOK, LOOK), "looked_until": {"S": moment}}
        )

    def commands(self, order_id: str) -> Sequence[SentCommand]:
        """Everything under the order's id but the saga itself."""
        items = every_item(
            self._client,
            TableName=self._table,
            KeyConditionExpression="order_id = :id",
            ExpressionAttributeValues={":id": {"S": order_id}},
            ConsistentRead=True,
        )
        return [_to_command(item) for item in items if item["part"]["S"] != SAGA]

    def keep_token(self, command: SentCommand) -> SentCommand:
        """One update: the token is replaced, the data stays what was sent first."""
        answer = self._client.update_item(
            TableName=self._table,
            Key=_key(command.order_id, command.step),
            UpdateExpression=(
                "SET command_id = :id, #token = :token, sent_at = :sent,"
                " #data = if_not_exists(#data, :data), expires_at = :expires"
            ),
            ExpressionAttributeNames={"#token": "token", "#data": "data"},
            ExpressionAttributeValues={
                ":id": {"S": command.command_id},
                ":token": {"S": command.token},
                ":sent": {"S": command.sent_at},
                ":data": {"S": msgspec.json.encode(command.data).decode()},
                ":expires": {"N": _expiry(command.sent_at)},
            },
            ReturnValues="ALL_NEW",
        )
        return _to_command(answer["Attributes"])

    def keep_reply(self, order_id: str, step: str, reply: Reply) -> SentCommand:
        """One update on the condition that the command is known and has no final answer yet."""
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key(order_id, step),
                UpdateExpression="SET reply = :reply, outcome = :outcome",
                ConditionExpression=(
                    "attribute_exists(command_id)"
                    " AND (attribute_not_exists(outcome) OR outcome = :failed)"
                ),
                ExpressionAttributeValues={
                    ":reply": {"S": msgspec.json.encode(reply).decode()},
                    ":outcome": {"S": reply.outcome},
                    ":failed": {"S": "failed"},
                },
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            existing = _existing(error)
            if not existing:
                raise UnknownCommand(f"{step} of order {order_id} was never sent") from error
            return _to_command(existing)
        return _to_command(answer["Attributes"])

    def _update(
        self, order_id: str, change: str, values: Item, *, condition: str, names: dict[str, str]
    ) -> None:
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(order_id, SAGA),
                UpdateExpression=change,
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
            )
        except ClientError as error:
            _existing(error)  # it is gone, or closed: nothing to change


def _existing(error: ClientError) -> Item:
    """The item that did not meet the condition; any other error is raised."""
    if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
        raise error
    return cast(dict[str, Any], error.response).get("Item") or {}


def _batched(items: Iterable[str], size: int) -> Iterator[list[str]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def _key(order_id: str, part: str) -> Item:
    return {"order_id": {"S": order_id}, "part": {"S": part}}


def _stuck_key(saga: StuckSaga) -> Item:
    """Where a saga stands in the index of stuck ones, whether it is still there or not."""
    return {
        **_key(saga.order_id, SAGA),
        "stuck": {"S": SagaState.STUCK},
        "stuck_at": {"S": saga.since},
    }


def _shard(order_id: str) -> str:
    return order_id[0]


def _saga_item(saga: Saga) -> Item:
    return {
        **_key(saga.order_id, SAGA),
        "state": {"S": saga.state},
        "attempt": {"N": str(saga.attempt)},
        "open": {"S": _shard(saga.order_id)},
        "due_at": {"S": saga.due_at},
        "correlation_id": {"S": saga.context.correlation_id},
        "causation_id": {"S": saga.context.causation_id},
        "traceparent": {"S": saga.context.traceparent},
    }


def _to_saga(item: Item) -> Saga:
    return Saga(
        order_id=item["order_id"]["S"],
        context=MessageContext(
            item["correlation_id"]["S"], item["causation_id"]["S"], item["traceparent"]["S"]
        ),
        state=SagaState(item["state"]["S"]),
        attempt=int(item["attempt"]["N"]),
        due_at=item["due_at"]["S"],
    )


def _to_command(item: Item) -> SentCommand:
    return SentCommand(
        order_id=item["order_id"]["S"],
        step=item["part"]["S"],
        command_id=item["command_id"]["S"],
        data=msgspec.json.decode(item["data"]["S"]),
        token=item["token"]["S"],
        sent_at=item["sent_at"]["S"],
        reply=msgspec.json.decode(item["reply"]["S"], type=Reply) if "reply" in item else None,
    )


def _expiry(moment: str) -> str:
    return str(int((clock.parse_time(moment) + RETENTION).timestamp()))
