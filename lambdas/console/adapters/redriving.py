"""Redrive of what a consumer of the log has parked: its owner's function applies it again."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import msgspec

from console.adapters.owners_changes import OwnersChange
from console.adapters.published_reads import ServiceCard
from console.commands.changing import Change
from console.domain.plan import NoSuchTarget, NothingToChange, Outlook, Scalar
from shared.runtime.plain_text import plain

MOST = 25
"""Records in one change: a browser waits for it."""
SECONDS = 10
"""How long their owner begins with another one."""
LONGEST_REASON = 300
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a record stands in the log."""

    shard: Text
    sequence: Text


class Redrive(Change, frozen=True):
    """``records`` are those to apply again; without them, the first ones of the list."""

    records: Annotated[list[Place], msgspec.Meta(min_length=1, max_length=MOST)] | None = None


class RedriveRecords(OwnersChange):
    """Implements ``console.commands.changing.Action``."""

    name: ClassVar[str] = "redrive"
    subject: ClassVar[str] = "consumers"
    named_by: ClassVar[tuple[str, ...]] = ("name",)
    form: ClassVar[type[Change]] = Redrive

    def look(self, target: str, asked: Redrive) -> Outlook:
        """The records that would be applied again: the list is the owner's, as it is now."""
        answer = self._looks.ask(self._of(target).show[target], {"parked": True})
        wanted = asked.records and {(it.shard, it.sequence) for it in asked.records}
        listed = [it for it in answer["parked"] if not wanted or _place(it) in wanted]
        able = [it for it in listed if it["redrivable"]]
        chosen = able[:MOST]
        if not chosen:
            raise NothingToChange(_why_nothing(listed, bool(wanted)))
        count = f"{len(chosen)} parked record{'s' if len(chosen) > 1 else ''}"
        does = [
            f"{target} applies {count} again, in the order of the log.",
            "What can be applied leaves the list. What fails again stays there, with its cause to "
            "be corrected first.",
        ]
        if left := len(listed) - len(able):
            does.append(f"{left} of the list cannot be applied: only the archive has their bodies.")
        return Outlook(
            does,
            [parked_item(it) for it in chosen],
            len(able) > MOST or (not wanted and answer["next"] is not None),
            [[*_place(it), it["parked_at"], it["reason"]] for it in chosen],
        )

    def carry_out(
        self,
        target: str,
        asked: Redrive,  # noqa: ARG002 - the action's
        outlook: Outlook,
    ) -> Mapping[str, Scalar]:
        """Exactly those records: one that was parked since is not among them."""
        places = [{"shard": it["shard"], "sequence": it["sequence"]} for it in outlook.items]
        answer = self._changes.ask(
            self._of(target).change[self.name][target],
            {"dry_run": False, "records": places, "seconds": SECONDS},
        )
        outcomes = [str(it["outcome"]) for it in answer["parked"]]
        failed = [it for it in outcomes if it != "redriven"]
        result: dict[str, Scalar] = {
            "redriven": len(outcomes) - len(failed),
            "failed": len(failed),
            "not reached": len(places) - len(outcomes),
        }
        if failed:
            result["first failure"] = plain(failed[0].removeprefix("failed: "), LONGEST_REASON)
        return result

    def _of(self, target: str) -> ServiceCard:
        return self._card(self.name, target, NoSuchTarget("consumer", target))


def _place(record: Mapping[str, Any]) -> tuple[str, str]:
    return record["shard"], record["sequence"]


def parked_item(record: Mapping[str, Any]) -> dict[str, Scalar]:
    """A parked record as a plan shows it."""
    return {
        "shard": record["shard"],
        "sequence": record["sequence"],
        "order": record["aggregate_id"],
        "reason": plain(record["reason"], LONGEST_REASON),
        "parked at": record["parked_at"],
    }


def _why_nothing(listed: Sequence[object], were_named: bool) -> str:
    if listed:
        return "none of it can be applied again: only the archive has the bodies"
    return "it is not parked any more" if were_named else "nothing is parked"
