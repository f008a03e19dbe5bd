"""Changes of a view: its owner's function builds a generation, goes back to one, or retires one."""

from collections.abc import Mapping
from typing import Any, ClassVar

from console.adapters.owners_changes import OwnersChange
from console.adapters.published_reads import ServiceCard
from console.adapters.views_answers import ASKED_FOR, may
from console.commands.changing import Change
from console.domain.plan import NoSuchTarget, NothingToChange, Outlook, Overtaken, Scalar
from console.ports import FunctionFailed

CHANGES = "view"
"""What cards call the functions that change views."""
MOVED = "PointerMoved"


class ChangeView(OwnersChange):
    """A change of a view, for which each action below has its name."""

    name: ClassVar[str]
    subject: ClassVar[str] = "views"
    named_by: ClassVar[tuple[str, ...]] = ("name",)
    form: ClassVar[type[Change]] = Change

    def look(self, target: str, asked: Change) -> Outlook:  # noqa: ARG002 - the action's
        """What it would do with the generations that there are now."""
        answer = self._looks.ask(self._of(target).show[target], ASKED_FOR)
        found: list[dict[str, Any]] = answer["generations"]
        live = next(it["name"] for it in found if it["state"] == "served")
        beside = next((it for it in found if it["state"] != "served"), None)
        if self.name not in may(found):
            raise NothingToChange(_why_not(self.name, beside))
        return Outlook(
            _does(self.name, live, beside),
            [{it: said[it] for it in ("name", "state", "items")} for said in found],
            False,
            [live, beside and beside["name"], beside and beside["state"]],
        )

    def carry_out(
        self,
        target: str,
        asked: Change,  # noqa: ARG002 - the action's
        outlook: Outlook,
    ) -> Mapping[str, Scalar]:
        """Ask its owner, with the generations that were looked at."""
        live, beside, _ = outlook.state
        request = {"change": self.name, "live": live, "beside": beside}
        try:
            done = self._changes.ask(self._of(target).change[CHANGES][target], request)
        except FunctionFailed as failed:
            if failed.kind != MOVED:
                raise
            raise Overtaken("the view's generations have changed since, or are at work") from failed
        return {"generation": done["generation"], "joined": done["joined"]}

    def _of(self, target: str) -> ServiceCard:
        return self._card(CHANGES, target, NoSuchTarget("view", target))


class RebuildView(ChangeView):
    """Implements ``console.commands.changing.Action``."""

    name: ClassVar[str] = "rebuild"


class TakeViewBack(ChangeView):
    """Implements ``console.commands.changing.Action``."""

    name: ClassVar[str] = "back"


class RetireGeneration(ChangeView):
    """Implements ``console.commands.changing.Action``."""

    name: ClassVar[str] = "retire"


def _why_not(change: str, beside: dict[str, Any] | None) -> str:
    if beside is None:
        return "there is one generation: nothing to go back to, and nothing to retire"
    if change == "rebuild":
        return f"{beside['name']} is still there: retire it first"
    return f"{beside['name']} is {beside['state']}: there is no way back to it"


def _does(change: str, live: str, beside: dict[str, Any] | None) -> list[str]:
    if change == "rebuild":
        what = f"goes on filling {beside['name']}" if beside else "fills a new generation"
        return [
            f"The view's state machine {what} from the archive, while {live} is served.",
            "When it has caught up with the log, the new one is served. The old one is kept and "
            "written, as the way back, and both are summed up.",
        ]
    assert beside is not None
    name = beside["name"]
    if change == "back":
        return [f"{name} is served in place of {live}, at once.", f"{live} goes on being written."]
    lost = {
        "kept": "There is no way back to it then.",
        "filled": "What was filled of it is lost: a rebuild begins again.",
    }.get(beside["state"], "It is not written any more as it is.")
    count = "all its items" if beside["items"] is None else f"its {beside['items']:,} items"
    return [
        f"{name} is written no more, and {count} are erased for good. {lost}",
        f"{live} is served as before.",
    ]
