"""Redrive of a queue's dead letters: the queue's owner sends them to it once more.

The owner alone reads letters. What operators see of one is what it says of itself: its kind, its
order, and why it was set aside.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from console.adapters.owners_changes import OwnersChange
from console.adapters.published_reads import ServiceCard
from console.commands.changing import LIFE, Change
from console.domain.plan import NoSuchTarget, NothingToChange, Outlook, Overtaken, Scalar
from shared.runtime import clock
from shared.runtime.plain_text import plain

QUEUES = "queue"
"""What cards call the functions that redrive a service's queues, by the queue's name."""
LONGEST_REASON = 300
MORE = "more than are listed"
"""The state of a queue with more letters than its owner is handed at once: which ones these are
changes with every look."""


class RedriveQueue(OwnersChange):
    """Implements ``console.commands.changing.Action``; the target is a service and a queue."""

    name: ClassVar[str] = "redrive"
    subject: ClassVar[str] = "queues"
    named_by: ClassVar[tuple[str, ...]] = ("service", "name")
    form: ClassVar[type[Change]] = Change

    def look(self, target: str, asked: Change) -> Outlook:  # noqa: ARG002 - the action's
        """The letters that wait: the owner takes them into its hands, and lays them back."""
        answer = self._ask(target, {"dry_run": True})
        found: list[dict[str, Any]] = answer["letters"]
        able = [it for it in found if it["redrivable"]]
        if not found:
            raise NothingToChange("no dead letters wait in it, or somebody else has them in hand")
        if not able:
            raise NothingToChange("what waits in it is not as its sender wrote it: it is evidence")
        return Outlook(
            _does(target, found, able, more=answer["more"]),
            [_item(it) for it in able],
            answer["more"],
            MORE if answer["more"] else [it["id"] for it in able],
        )

    def carry_out(self, target: str, asked: Change, outlook: Outlook) -> Mapping[str, Scalar]:
        """Exactly those letters; of more than can be listed, some that waited when it was planned.

        Raises:
            Overtaken: none of them waits any more.
        """
        if outlook.state == MORE:
            assert asked.expires_at is not None
            planned_at = clock.later(asked.expires_at, -LIFE.total_seconds())
            which: dict[str, Any] = {"set_aside_before": planned_at}
        else:
            which = {"letters": outlook.state}
        answer = self._ask(target, {"dry_run": False, **which})
        outcomes = [str(it["outcome"]) for it in answer["letters"]]
        sent = outcomes.count("sent")
        failed = [it for it in outcomes if it.startswith("failed: ")]
        if not sent and not failed:
            raise Overtaken("none of these letters waits any more, or somebody has them in hand")
        result: dict[str, Scalar] = {"sent": sent, "failed": len(failed)}
        if outlook.state != MORE:
            result["not reached"] = len(outlook.state) - sent - len(failed)
        if failed:
            result["first failure"] = plain(failed[0].removeprefix("failed: "), LONGEST_REASON)
        return result

    def _ask(self, target: str, request: Mapping[str, Any]) -> Any:
        service, _, queue = target.partition("/")
        arn = self._of(service, queue).change[QUEUES][queue]
        return self._changes.ask(arn, {"queue": queue, **request})

    def _of(self, service: str, queue: str) -> ServiceCard:
        for card in self._cards():
            if card.name == service and queue in card.change.get(QUEUES, {}):
                return card
        raise NoSuchTarget("queue", f"{service}/{queue}")


def _does(target: str, found: Sequence[object], able: Sequence[object], *, more: bool) -> list[str]:
    count = f"{len(able)} dead letter{'s' if len(able) > 1 else ''}"
    does = [f"{target} gets {count} once more, and its worker tries each as if it were new."]
    if more:
        does = [
            f"{target} gets as many dead letters once more as are handed out at once, of those "
            "that wait now. Which ones these are SQS decides: those below are some of them."
        ]
    does.append(
        "What fails again comes back to the dead letters, with its cause to be corrected first. A "
        "message that comes twice changes nothing more."
    )
    if left := len(found) - len(able):
        does.append(f"{left} cannot be sent: their bodies are not as their senders wrote them.")
    return does


def _item(letter: Mapping[str, Any]) -> dict[str, Scalar]:
    return {
        "message": letter["type"] or "cannot be read",
        "order": letter["aggregate_id"] if letter["aggregate_type"] == "order" else None,
        "reason": plain(letter["reason"], LONGEST_REASON),
        "set aside at": letter["set_aside_at"],
    }
