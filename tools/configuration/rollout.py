"""Deploys versions, one after the other in each service, and tells how far each one is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tools.base.target import Target
from tools.configuration.deployed import Place, deployments
from tools.configuration.errors import Busy, NotCompleted

Say = Callable[[str], None]
_BLIND_SECONDS = 60.0
"""How long AppConfig may give no answer while a deployment runs: it goes on without us."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0
_SPARE_SECONDS = 300.0
"""Beyond what its strategy takes, until a deployment is said to hang."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version that AppConfig keeps already and its validators agree with."""

    profile: str
    number: int
    description: str
    is_first: bool = False


def deploy(target: Target, at: Place, version: Version, say: Say, *, wait_seconds: float) -> None:
    """Deploy a version and stay until everybody has it.

    Args:
        wait_seconds: how long to wait for a deployment that is under way already; 0 refuses.

    Raises:
        Busy: another deployment is still under way.
        NotCompleted: it was rolled back, or what became of it cannot be seen.
    """
    appconfig = target.client("appconfig")
    deadline = time.monotonic() + wait_seconds
    while True:
        latest = settle(appconfig, at, say, wait_seconds=max(0.0, deadline - time.monotonic()))
        try:
            started = appconfig.start_deployment(
                **at.environment_ids,
                ConfigurationProfileId=at.profiles[version.profile].id,
                ConfigurationVersion=str(version.number),
                DeploymentStrategyId=at.first_strategy_id if version.is_first else at.strategy_id,
                Description=version.description,
                LatestDeploymentNumber=latest,  # or somebody was faster
            )
        except appconfig.exceptions.ConflictException:
            if time.monotonic() >= deadline:
                raise
        else:
            return _follow(appconfig, at, version, int(started["DeploymentNumber"]), say)


def settle(appconfig: Any, at: Place, say: Say, *, wait_seconds: float) -> int:
    """Wait until no deployment is under way; the number of the last one, 0 if there was none.

    Raises:
        Busy: one is still under way after that time.
    """
    deadline, told = time.monotonic() + wait_seconds, ""
    for pause in _pauses():
        latest = next(deployments(appconfig, at), None)
        if latest is None or not latest.is_under_way:
            break
        if time.monotonic() >= deadline:
            raise Busy(
                f"{at.service}: {latest} is under way in {at.environment}, and an environment "
                "takes one at a time: wait until it ends, or stop it, and apply again"
            )
        if str(latest) != told:
            told = str(latest)
            say(f"waits for {told}")
        time.sleep(pause)
    return latest.number if latest else 0


def _follow(appconfig: Any, at: Place, version: Version, number: int, say: Say) -> None:
    told, seen, deadline = "", time.monotonic(), None
    what = f"{at.service} {version.profile} version {version.number}"
    for pause in _pauses():
        try:
            found = appconfig.get_deployment(DeploymentNumber=number, **at.environment_ids)
        except (BotoCoreError, ClientError) as error:
            if time.monotonic() - seen > _BLIND_SECONDS:
                raise NotCompleted(
                    f"{what}: deployment {number} was started, and AppConfig does not say how it "
                    f"goes: {error}"
                ) from error
            time.sleep(pause)
            continue
        seen = time.monotonic()
        deadline = deadline or seen + _SPARE_SECONDS + 60.0 * (
            found["DeploymentDurationInMinutes"] + found["FinalBakeTimeInMinutes"]
        )
        state = found["State"]
        progress = f"{state.lower()} {found.get('PercentageComplete', 0):g} %"
        if progress != told:
            told = progress
            say(f"version {version.number} {progress}")
        if state == "COMPLETE":
            return
        if state in ("ROLLED_BACK", "REVERTED"):
            raise NotCompleted(
                f"{what} is rolled back: {_why(found)}. {_now(appconfig, at, version)}"
            )
        if seen > deadline:
            raise NotCompleted(f"{what}: deployment {number} is {progress} for too long")
        time.sleep(pause)


def _why(found: dict[str, Any]) -> str:
    """Who or what rolled back, and when, as the deployment's events tell."""
    for event in found.get("EventLog", []):
        if event["EventType"] in ("ROLLBACK_STARTED", "REVERT_COMPLETED"):
            by = event["Description"].removeprefix("Rollback initiated by ")
            at = f" at {event['OccurredAt']:%H:%M:%S %Z}" if event.get("OccurredAt") else ""
            reached = f"after {found.get('PercentageComplete', 0):g} % of the readers"
            if event["TriggeredBy"] == "CLOUDWATCH_ALARM":
                return f"the alarm {by.rpartition(':')[2]} fired{at}, {reached}"
            return f"stopped by {by}{at}, {reached}"
    return "AppConfig gives no reason"


def _now(appconfig: Any, at: Place, version: Version) -> str:
    """What is served after a rollback."""
    for it in deployments(appconfig, at):
        if it.profile == version.profile and it.state == "COMPLETE":
            return f"Version {it.version} is served; revert the commit, or mend what the alarm says"
    return "There is no version before: readers go on with their packaged defaults"


def _pauses() -> Iterator[float]:
    """Seconds, short at first: offline a deployment takes a moment."""
    pause = _FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * 1.5, _LONGEST_PAUSE)
