"""Stopping a rollout of configuration: its service's function tells AppConfig to go back."""

from collections.abc import Mapping
from typing import Any, ClassVar

from console.adapters.owners_changes import OwnersChange
from console.adapters.published_reads import ServiceCard
from console.commands.changing import Change
from console.domain.plan import NoSuchTarget, NothingToChange, Outlook, Overtaken, Scalar
from console.ports import FunctionFailed

CHANGES = "configuration"
"""What cards call the functions that stop rollouts."""
STOPPABLE = ("deploying", "baking")
ENDED = "NotUnderWay"


class StopRollout(OwnersChange):
    """Implements ``console.commands.changing.Action``; the target is a service and a profile."""

    name: ClassVar[str] = "stop"
    subject: ClassVar[str] = "configuration"
    named_by: ClassVar[tuple[str, ...]] = ("service", "profile")
    form: ClassVar[type[Change]] = Change

    def look(self, target: str, asked: Change) -> Outlook:  # noqa: ARG002 - the action's
        """The rollout that is under way, and what is served when it has been stopped."""
        service, _, name = target.partition("/")
        card = self._configured(service)
        answer = self._looks.ask(str(card.configuration), {})
        profile = next((it for it in answer["profiles"] if it["profile"] == name), None)
        if profile is None:
            raise NoSuchTarget("profile", target)
        rollout = profile["rollout"]
        if rollout is None or rollout["state"] not in STOPPABLE:
            raise NothingToChange("no rollout of it is under way")
        return Outlook(
            _does(rollout, profile["served"]),
            [{it: rollout[it] for it in ("number", "version", "commit", "state", "percent")}],
            False,
            [rollout["number"], rollout["version"]],
        )

    def carry_out(
        self,
        target: str,
        asked: Change,  # noqa: ARG002 - the action's
        outlook: Outlook,
    ) -> Mapping[str, Scalar]:
        """Stop exactly that deployment; one that has ended meanwhile is left as it is."""
        service = target.partition("/")[0]
        number, version = outlook.state
        arn = self._configured(service).change[CHANGES][service]
        try:
            answer = self._changes.ask(arn, {"number": number, "version": version})
        except FunctionFailed as failed:
            if failed.kind != ENDED:
                raise
            raise Overtaken("the rollout has ended by itself") from failed
        return {"state": answer["state"]}

    def _configured(self, service: str) -> ServiceCard:
        for card in self._cards():
            if (
                card.name == service
                and card.configuration
                and service in card.change.get(CHANGES, {})
            ):
                return card
        raise NoSuchTarget("configuration", service)


def _does(rollout: Mapping[str, Any], served: Mapping[str, Any] | None) -> list[str]:
    before = f"version {served['version']}" if served else "no version: the packaged defaults"
    return [
        f"Deployment {rollout['number']} of version {rollout['version']} is stopped, and AppConfig "
        f"serves everybody {before} again. Functions take that up within a minute.",
        "Git still has what was stopped: revert it there, or the next config-apply deploys it "
        "again.",
    ]
