"""Moves the pointer of a read model's generations; every move is conditional on what was read.

The item: ``live`` is served; ``building`` is written beside it, whether it is being filled or, once
``complete`` is set, kept as the way back; ``newest`` numbers generations, none is named twice;
``erasing`` is what is left of a retired one.
"""

from dataclasses import dataclass, replace
from typing import Any

from shared.read_models.generations import FIRST_GENERATION
from shared.read_models.versioned_table import succeeds
from shared.runtime import clock

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Generation:
    """What the pointer says. Times in RFC 3339 UTC: when ``building`` or ``erasing`` was set, and
    since when ``live`` is served, which nobody knows of the first one.
    """

    live: str = FIRST_GENERATION
    building: str | None = None
    complete: bool = False
    newest: int = 1
    began_at: str | None = None
    erasing: str | None = None
    retired_at: str | None = None
    switched_at: str | None = None

    def was_erased(self, name: str) -> bool:
        """Whether there was a generation of that name, and nothing is left of it."""
        number = name.removeprefix("g")
        return (
            number.isdecimal()
            and int(number) <= self.newest
            and name not in (self.live, self.building, self.erasing)
        )

    def __str__(self) -> str:
        """As a sentence, for whoever asked for a move that is not possible."""
        said = [f"{self.live} is served"]
        if self.building:
            said.append(
                f"{self.building} is {'kept as the way back' if self.complete else 'filled'}"
            )
        if self.erasing:
            said.append(f"{self.erasing} is erased")
        return ", ".join(said)


class PointerMoved(Exception):
    """Somebody else moved the pointer, or it does not admit this move."""


class Pointer:
    """``key`` is the pointer's key in the table; ``client`` is a botocore DynamoDB client."""

    def __init__(self, client: Any, table_name: str, key: Item) -> None:
        self._client = client
        self._table = table_name
        self._key = key

    def read(self) -> Generation:
        """What it says now, strongly consistent."""
        answer = self._client.get_item(TableName=self._table, Key=self._key, ConsistentRead=True)
        item = answer.get("Item", {})

        def text(name: str) -> str | None:
            return item[name]["S"] if name in item else None

        return Generation(
            live=text("live") or FIRST_GENERATION,
            building=text("building"),
            complete=item.get("complete", {}).get("BOOL", False),
            newest=int(item.get("newest", {}).get("N", 1)),
            began_at=text("began_at"),
            erasing=text("erasing"),
            retired_at=text("retired_at"),
            switched_at=text("switched_at"),
        )

    def begin(self) -> Generation:
        """Have a new generation written; one that is being filled already is gone on with.

        Of two that begin at the same time, one begins and the other joins it.

        Raises:
            PointerMoved: an older generation is still kept, or being erased.
        """
        found = self.read()
        if found.building and not found.complete:
            return found
        if found.building or found.erasing:
            raise PointerMoved(f"retire {found.building or found.erasing} first")
        newest = found.newest + 1
        try:
            return self._move(
                found,
                replace(
                    Generation(found.live, f"g{newest}", False, newest, clock.now()),
                    switched_at=found.switched_at,
                ),
            )
        except PointerMoved:
            found = self.read()
            if found.building and not found.complete:
                return found
            raise

    def switch(self, generation: str) -> Generation:
        """Serve the generation that was filled; the one before goes on being written."""
        found = self.read()
        if found.live == generation and found.complete:
            return found
        if found.building != generation or found.complete:
            raise PointerMoved(f"{generation} is not being built: {found}")
        return self._serve(found, generation)

    def back(self, from_: str | None = None) -> Generation:
        """Serve the generation before again; calling it twice is there and back.

        With ``from_``, only from that generation. Raises PointerMoved.
        """
        found = self.read()
        if from_ is not None and found.live != from_:
            raise PointerMoved(f"it is not {from_} that is served: {found}")
        if found.building is None or not found.complete:
            raise PointerMoved(f"there is no complete generation beside {found.live}")
        return self._serve(found, found.building)

    def retire(self, generation: str | None = None) -> Generation:
        """Stop writing the generation that is not served; what is left of it is to be erased.

        With ``generation``, only if it is that one. Raises PointerMoved.
        """
        found = self.read()
        if generation not in (None, found.building, found.erasing):
            raise PointerMoved(f"{generation} is not beside the one that is served: {found}")
        if found.erasing:
            return found
        if found.building is None:
            raise PointerMoved(f"there is no generation beside {found.live}")
        return self._move(
            found,
            Generation(
                found.live,
                newest=found.newest,
                erasing=found.building,
                retired_at=clock.now(),
                switched_at=found.switched_at,
            ),
        )

    def erased(self, generation: str) -> Generation:
        """Nothing is left of a retired generation."""
        found = self.read()
        if found.erasing != generation:
            raise PointerMoved(f"{generation} is not being erased: {found}")
        return self._move(
            found, Generation(found.live, newest=found.newest, switched_at=found.switched_at)
        )

    def _serve(self, found: Generation, generation: str) -> Generation:
        return self._move(
            found,
            replace(
                Generation(generation, found.live, True, found.newest, found.began_at),
                switched_at=clock.now(),
            ),
        )

    def _move(self, found: Generation, to: Generation) -> Generation:
        conditions = {
            "live": {"S": found.live},
            "building": {"S": found.building} if found.building else None,
            "erasing": {"S": found.erasing} if found.erasing else None,
            "newest": {"N": str(found.newest)},  # else a name that was used meanwhile is used again
        }
        values = {f":{name}": value for name, value in conditions.items() if value}
        unchanged = " AND ".join(
            f"{name} = :{name}" if value else f"attribute_not_exists({name})"
            for name, value in conditions.items()
        )
        if found == Generation():
            unchanged = f"attribute_not_exists({next(iter(self._key))}) OR ({unchanged})"
        put: Item = {
            "TableName": self._table,
            "Item": {**self._key, **_attributes(to)},
            "ConditionExpression": unchanged,
            "ExpressionAttributeValues": values,
        }
        if not succeeds(lambda: self._client.put_item(**put)):
            raise PointerMoved(f"somebody else changed it meanwhile: now {self.read()}")
        return to


def _attributes(generation: Generation) -> Item:
    texts = {
        "live": generation.live,
        "building": generation.building,
        "began_at": generation.began_at,
        "erasing": generation.erasing,
        "retired_at": generation.retired_at,
        "switched_at": generation.switched_at,
    }
    item: Item = {name: {"S": value} for name, value in texts.items() if value is not None}
    item["newest"] = {"N": str(generation.newest)}
    item["complete"] = {"BOOL": generation.complete}
    return item
