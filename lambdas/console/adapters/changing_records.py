"""Changes of one record: a consumer passes by what it crashes on, or forgets what it has parked.

Its owner's function, which redrives, judges both: whether the log has the record, and whether
something still waits for it.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec

from console.adapters.owners_changes import OwnersChange
from console.adapters.redriving import Place, RedriveRecords, parked_item
from console.commands.changing import Change
from console.domain.plan import NoSuchTarget, NothingToChange, Outlook, Overtaken, Scalar

REFUSED = "refused: "
BY_AN_OPERATOR = "set aside by an operator"


class Discard(Change, frozen=True, kw_only=True):
    """``record`` is the one to take off the list."""

    record: Place


class Park(Discard, frozen=True, kw_only=True):
    """``record`` is the one of the log that the consumer is to pass by, for that reason."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] = BY_AN_OPERATOR


class _ChangeRecord(OwnersChange):
    """``can_be`` and ``done`` are what the owner's function answers."""

    name: ClassVar[str]
    subject: ClassVar[str] = RedriveRecords.subject
    named_by: ClassVar[tuple[str, ...]] = RedriveRecords.named_by
    form: ClassVar[type[Change]]
    can_be: ClassVar[str]
    done: ClassVar[str]
    absent: ClassVar[str]

    def _asked_of_the_owner(self, asked: Any) -> Mapping[str, Any]:
        raise NotImplementedError

    def _does(self, target: str) -> list[str]:
        raise NotImplementedError

    def _item(self, record: Mapping[str, Any]) -> dict[str, Scalar]:
        return parked_item(record)

    def look(self, target: str, asked: Any) -> Outlook:
        """The record, if its owner lets it be changed."""
        record = self._ask(target, asked, dry_run=True)
        if record is None:
            raise NothingToChange(self.absent)
        if record["outcome"] != self.can_be:
            raise NothingToChange(record["outcome"].removeprefix(REFUSED))
        item = self._item(record)
        return Outlook(self._does(target), [item], False, item)

    def carry_out(
        self,
        target: str,
        asked: Any,
        outlook: Outlook,  # noqa: ARG002 - the action's
    ) -> Mapping[str, Scalar]:
        """Do it, unless its owner has a reason against it by now."""
        record = self._ask(target, asked, dry_run=False)
        if record is None:
            raise Overtaken(self.absent)
        if record["outcome"] != self.done:
            raise Overtaken(record["outcome"].removeprefix(REFUSED))
        return {self.done: True}

    def _ask(self, target: str, asked: Any, *, dry_run: bool) -> dict[str, Any] | None:
        """The record with its owner's judgment; None if there is no such record."""
        nobody = NoSuchTarget("consumer", target)
        card = self._card(RedriveRecords.name, target, nobody)
        answer = self._changes.ask(
            card.change[RedriveRecords.name][target],
            {**self._asked_of_the_owner(asked), "dry_run": dry_run},
        )
        found: list[dict[str, Any]] = answer["parked"]
        return found[0] if found else None


class DiscardRecord(_ChangeRecord):
    """Implements ``console.commands.changing.Action``."""

    name: ClassVar[str] = "discard"
    form: ClassVar[type[Change]] = Discard
    can_be: ClassVar[str] = "can be discarded"
    done: ClassVar[str] = "discarded"
    absent: ClassVar[str] = "it is not parked any more"

    def _asked_of_the_owner(self, asked: Discard) -> Mapping[str, Any]:
        return {"discard": _place(asked.record)}

    def _does(self, target: str) -> list[str]:
        return [
            f"The record is taken off the list, and {target} will never apply it.",
            "The event log, as long as it keeps records, the archive, and a line in the "
            "function's log still have it.",
        ]


class ParkRecord(_ChangeRecord):
    """Implements ``console.commands.changing.Action``."""

    name: ClassVar[str] = "park"
    form: ClassVar[type[Change]] = Park
    can_be: ClassVar[str] = "can be set aside"
    done: ClassVar[str] = "set aside"
    absent: ClassVar[str] = "the log has no such record, or not any more"

    def _asked_of_the_owner(self, asked: Park) -> Mapping[str, Any]:
        return {"set_aside": {**_place(asked.record), "reason": asked.reason}}

    def _does(self, target: str) -> list[str]:
        return [
            f"The record is parked, and {target} passes it by: a process that begins after its "
            "next crash does.",
            "If the record names an order, the order stands still in what this consumer keeps, "
            "until the record is redriven.",
        ]

    def _item(self, record: Mapping[str, Any]) -> dict[str, Scalar]:
        """It is not parked yet: another moment is no other record."""
        return {name: it for name, it in parked_item(record).items() if name != "parked at"}


def _place(record: Place) -> dict[str, str]:
    return {"shard": record.shard, "sequence": record.sequence}
