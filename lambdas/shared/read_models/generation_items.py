"""All items of one generation of a read model: summed up, or erased."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from shared.runtime.dynamodb_batches import write_items

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Checksum:
    """How many items, and the sum of their digests: the same whatever their order."""

    items: int = 0
    total: int = 0

    def add(self, item: Item, generation: str) -> "Checksum":
        """With one more item, whose generation's name does not count."""
        text = json.dumps(_without_generation(item, f"{generation}#"), sort_keys=True)
        digest = int.from_bytes(sha256(text.encode()).digest()[:16])
        return Checksum(self.items + 1, (self.total + digest) % 2**128)


class GenerationItems:
    """``key`` names the table's key attributes, the partition key first, which begins with the
    generation; ``client`` is a botocore DynamoDB client; ``pause`` takes seconds.
    """

    def __init__(
        self,
        client: Any,
        table_name: str,
        key: Sequence[str],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._pause = pause
        self._table = table_name
        self._key = key

    def page(self, generation: str, after: Item | None) -> tuple[list[Item], Item | None]:
        """Some items, and where to go on."""
        request: Item = {
            "TableName": self._table,
            "ConsistentRead": True,
            "FilterExpression": f"begins_with({self._key[0]}, :generation)",
            "ExpressionAttributeValues": {":generation": {"S": f"{generation}#"}},
        }
        if after:
            request["ExclusiveStartKey"] = after
        answer = self._client.scan(**request)
        return answer["Items"], answer.get("LastEvaluatedKey")

    def erase(self, items: Sequence[Item]) -> None:
        """Delete these items. Raises StillUnprocessed if the table throttles."""
        deletions = [
            {"DeleteRequest": {"Key": {name: item[name] for name in self._key}}} for item in items
        ]
        write_items(self._client, self._table, deletions, self._pause)

    def all(self, generation: str) -> Iterator[Item]:
        """Every item."""
        after: Item | None = None
        while True:
            items, after = self.page(generation, after)
            yield from items
            if after is None:
                return


def checksum(items: Iterator[Item], generation: str) -> Checksum:
    """The checksum of these items."""
    result = Checksum()
    for item in items:
        result = result.add(item, generation)
    return result


def _without_generation(item: Item, prefix: str) -> Item:
    return {
        name: {"S": value["S"].removeprefix(prefix)} if "S" in value else value
        for name, value in item.items()
    }
