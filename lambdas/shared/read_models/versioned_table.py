"""A read model in DynamoDB: one item for each aggregate and generation, gated by its version.

An item's key is ``{generation}#{aggregate_id}``; the item ``pointer`` names the generations.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar, cast

from botocore.exceptions import ClientError

from shared.read_models.parked_records import ParkedRecord, ParkedRecords
from shared.read_models.projector import Change, Checkpoint
from shared.runtime.dynamodb_batches import read_items

StateT = TypeVar("StateT")
Item = dict[str, Any]
BATCH_EXECUTE = 25
"""BatchExecuteStatement's limit of statements."""


class Codec(Protocol[StateT]):
    """How a state is written as DynamoDB attributes, without key and version."""

    def to_item(self, state: StateT, generation: str) -> Item:
        """The attributes."""

    def from_item(self, item: Item) -> StateT | None:
        """The state; None if the item holds none, as when the first event could not be applied."""


class VersionedTable(Generic[StateT]):
    """Implements ``shared.read_models.projector.Table`` for one generation.

    ``key`` is the name of the table's partition key; ``client`` is a botocore DynamoDB client;
    ``pause`` takes seconds.
    """

    def __init__(
        self,
        client: Any,
        table_name: str,
        key: str,
        generation: str,
        codec: Codec[StateT],
        parked: ParkedRecords,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._pause = pause
        self._table = table_name
        self._key_name = key
        self._generation = generation
        self._codec = codec
        self._parked = parked

    def load(self, ids: Sequence[str]) -> Mapping[str, Checkpoint[StateT]]:
        """What is kept of these aggregates, strongly consistent."""
        keys = [self._key(its_id) for its_id in ids]
        return {
            item[self._key_name]["S"].partition("#")[2]: self._checkpoint(item)
            for item in read_items(self._client, self._table, keys, self._pause)
        }

    def save(self, change: Change[StateT]) -> bool:
        """Make the step if what is kept is still the base; a record is parked with it or not."""
        put = {"TableName": self._table, "Item": self._item(change), **gate(change, self._key_name)}
        if change.parked is None:
            return succeeds(lambda: self._client.put_item(**put))
        transaction = [{"Put": put}, {"Put": self._parked.put(change.parked)}]
        if not succeeds(lambda: self._client.transact_write_items(TransactItems=transaction)):
            return False
        self._parked.announce(change.parked)
        return True

    def insert(self, changes: Sequence[Change[StateT]]) -> set[str]:
        """Make steps from nothing, 25 in a call: as many write units, but far fewer calls.

        PartiQL's INSERT fails where an item exists, so each step is gated by itself. What fails is
        left to ``save``, which knows a lost race from a passing failure.
        """
        made: set[str] = set()
        for start in range(0, len(changes), BATCH_EXECUTE):
            batch = changes[start : start + BATCH_EXECUTE]
            answer = self._client.batch_execute_statement(
                Statements=[self._insertion(change) for change in batch]
            )
            for change, response in zip(batch, answer["Responses"], strict=True):
                if "Error" not in response:
                    made.add(change.aggregate_id)
        return made

    def park(self, parked: ParkedRecord) -> None:
        """Park a record that belongs to no aggregate."""
        self._parked.park(parked)

    def _insertion(self, change: Change[StateT]) -> Item:
        item = self._item(change)
        names = ", ".join(f"'{name}': ?" for name in item)
        statement = f'INSERT INTO "{self._table}" VALUE {{{names}}}'
        return {"Statement": statement, "Parameters": list(item.values())}

    def _key(self, its_id: str) -> Item:
        return {self._key_name: {"S": f"{self._generation}#{its_id}"}}

    def _item(self, change: Change[StateT]) -> Item:
        to = change.to
        state = self._codec.to_item(to.state, self._generation) if to.state is not None else {}
        item = {**self._key(change.aggregate_id), **state, "version": {"N": str(to.version)}}
        if to.stalled_at_version is not None:
            item["stalled_at_version"] = {"N": str(to.stalled_at_version)}
        return item

    def _checkpoint(self, item: Item) -> Checkpoint[StateT]:
        return checkpoint_of(item, self._codec.from_item(item))


def checkpoint_of(item: Item, state: StateT | None) -> Checkpoint[StateT]:
    """What an item's gate says, with the state that goes with it."""
    stalled = item.get("stalled_at_version")
    return Checkpoint(int(item["version"]["N"]), state, int(stalled["N"]) if stalled else None)


def gate(change: Change[Any], key: str) -> Item:
    """The condition that what is kept is still the change's base."""
    if change.base is None:
        return {"ConditionExpression": f"attribute_not_exists({key})"}
    values = {":base": {"N": str(change.base.version)}}
    if change.base.stalled_at_version is None:
        stalled = "attribute_not_exists(stalled_at_version)"
    else:
        stalled = "stalled_at_version = :stalled"
        values[":stalled"] = {"N": str(change.base.stalled_at_version)}
    return {
        "ConditionExpression": f"version = :base AND {stalled}",
        "ExpressionAttributeValues": values,
    }


def succeeds(write: Any) -> bool:
    """Whether a conditional write or transaction was made; False if a condition failed."""
    try:
        write()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ConditionalCheckFailedException":
            return False
        if code == "TransactionCanceledException":
            reasons = cast(Item, error.response).get("CancellationReasons", [])
            if any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons):
                return False
        raise
    return True
