"""What AppConfig tells of a service's configuration: versions, what is served, and rollouts."""

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from shared.runtime import clock

MOST_DEPLOYMENTS = 50
"""The newest ones are looked through; AppConfig tells no more in one answer."""
MOST_PAGES = 20
"""Of fifty versions each."""
NAMES = 100
"""Characters of what somebody named or wrote."""
UNDER_WAY = ("DEPLOYING", "BAKING", "VALIDATING", "ROLLING_BACK")
SERVED = "COMPLETE"
_PROVENANCE = re.compile(r"commit ([0-9a-f]{40}|uncommitted) sha256 ([0-9a-f]{64})")
_ENDED_EARLY = ("ROLLBACK_STARTED", "REVERT_COMPLETED")
_BY_ALARM = "CLOUDWATCH_ALARM"


class Version(msgspec.Struct, frozen=True):
    """A version that AppConfig keeps.

    ``commit`` and ``sha256`` are what ``config-apply`` wrote into its description; None for one
    that somebody else made.
    """

    version: str
    label: str | None
    commit: str | None
    sha256: str | None


class Rollout(msgspec.Struct, frozen=True):
    """A deployment. ``state`` is AppConfig's, in small letters.

    ``ended_by`` says who ended it before it was complete: an ``alarm``, whose name ``reason`` is,
    or an ``operator``.
    """

    number: int
    version: str
    commit: str | None
    state: str
    under_way: bool
    percent: float
    strategy: str | None
    step_percent: float
    minutes: int
    bake_minutes: int
    started_at: str | None
    ended_at: str | None
    ended_by: str | None
    reason: str | None


class Deployments:
    """The deployments of one environment. ``client`` is a botocore AppConfig client.

    ``strategies`` are names of strategies by their ids.
    """

    def __init__(
        self, client: Any, application: str, environment: str, strategies: Mapping[str, str]
    ) -> None:
        self._client = client
        self._application = application
        self._environment = {"ApplicationId": application, "EnvironmentId": environment}
        self._strategies = strategies

    def listed(self) -> Sequence[Mapping[str, Any]]:
        """The newest first, as AppConfig lists them."""
        answer = self._client.list_deployments(**self._environment, MaxResults=MOST_DEPLOYMENTS)
        return sorted(answer["Items"], key=lambda it: -int(it["DeploymentNumber"]))

    def details(self, number: int) -> Mapping[str, Any]:
        """One with its description and its events."""
        found: Mapping[str, Any] = self._client.get_deployment(
            **self._environment, DeploymentNumber=number
        )
        return found

    def newest_version(self, profile_id: str) -> Version | None:
        """The version of a profile that was made last; None if there is none."""
        request: dict[str, Any] = {
            "ApplicationId": self._application,
            "ConfigurationProfileId": profile_id,
            "MaxResults": 50,
        }
        listed: list[Mapping[str, Any]] = []
        for _ in range(MOST_PAGES):
            answer = self._client.list_hosted_configuration_versions(**request)
            listed += answer["Items"]
            if not answer.get("NextToken"):
                break
            request["NextToken"] = answer["NextToken"]
        newest = max(listed, key=lambda it: int(it["VersionNumber"]), default=None)
        return None if newest is None else version_of(str(newest["VersionNumber"]), newest)

    def content(self, profile_id: str, version: str) -> bytes:
        """What AppConfig keeps as that version."""
        answer = self._client.get_hosted_configuration_version(
            ApplicationId=self._application,
            ConfigurationProfileId=profile_id,
            VersionNumber=int(version),
        )
        content: bytes = answer["Content"].read()
        return content

    def rollout(self, details: Mapping[str, Any]) -> Rollout:
        """A deployment as it is told."""
        version = version_of(str(details["ConfigurationVersion"]), details)
        ended = _end(details)
        state = str(details["State"])
        return Rollout(
            int(details["DeploymentNumber"]),
            version.version,
            version.commit,
            state.lower(),
            state in UNDER_WAY,
            float(details.get("PercentageComplete", 0)),
            self._strategies.get(str(details.get("DeploymentStrategyId"))),
            float(details.get("GrowthFactor", 0)),
            int(details.get("DeploymentDurationInMinutes", 0)),
            int(details.get("FinalBakeTimeInMinutes", 0)),
            _time(details.get("StartedAt")),
            _time(ended["OccurredAt"]) if ended else _time(details.get("CompletedAt")),
            None if ended is None else "alarm" if ended["TriggeredBy"] == _BY_ALARM else "operator",
            None if ended is None else _who(ended),
        )


def version_of(number: str, described: Mapping[str, Any]) -> Version:
    """A version with what its description says of where it comes from."""
    match = _PROVENANCE.fullmatch(described.get("Description") or "")
    label = described.get("VersionLabel")
    return Version(
        number,
        label[:NAMES] if label else None,
        match[1] if match else None,
        match[2] if match else None,
    )


def canonical(value: Any) -> bytes:
    """The one way to write a value, so that equal values are equal bytes.

    Raises:
        ValueError: a number that JSON has not.
    """
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def digest(value: Any) -> str:
    """SHA-256 of the canonical form, in hexadecimal. Raises ValueError."""
    return sha256(canonical(value)).hexdigest()


def _end(details: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The event with which a deployment was ended early."""
    events: Sequence[Mapping[str, Any]] = details.get("EventLog") or []
    return next((it for it in events if it["EventType"] in _ENDED_EARLY), None)


def _who(ended: Mapping[str, Any]) -> str:
    """The alarm's name, or who stopped it: the last part of an ARN."""
    by = str(ended.get("Description") or "").rpartition(" by ")[2]
    return by.rpartition(":")[2][:NAMES]


def _time(value: Any) -> str | None:
    return clock.format_time(value) if value else None
