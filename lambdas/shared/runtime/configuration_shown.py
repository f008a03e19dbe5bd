"""For operators that only look: a service's configuration, its rollouts, and what was refused."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from shared.runtime import aws, clock
from shared.runtime.configuration import Profile, Refused
from shared.runtime.configuration_deployments import (
    SERVED,
    Deployments,
    Version,
    digest,
    version_of,
)
from shared.runtime.configuration_refusals import KEPT, MOST_RULES, Rule, refusals, told_as
from shared.runtime.configuration_validator import served_flags
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation

Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]


class ShownConfigurationEnvironment(msgspec.Struct, frozen=True):
    """What of AppConfig is the service's."""

    configuration_application: str
    """Id of the AppConfig application."""
    configuration_environment: str
    """Id of its environment."""
    configuration_profiles: str
    """Ids of its profiles by their names, as JSON."""
    configuration_strategies: str
    """Names of its deployment strategies by their ids, as JSON."""
    configuration_monitors: str
    """ARNs of the alarms that watch its rollouts, as a JSON list."""
    validator_logs: str
    """The log group in which refused documents are noted."""


class Judged(msgspec.Struct, frozen=True):
    """What a version's content says: whether it is what its description says (None if that says
    nothing), and the rules of the deployed code that it does not keep.
    """

    as_described: bool | None
    refused: list[Rule]


def shown(profiles: Sequence[Profile[Any]]) -> Handler:
    """A Lambda handler that tells how the configuration of a service stands.

    It answers ``{profiles, alarms, refused, refused_capped, refused_hours}``. A profile is
    ``{profile, kept, served, rollout}``: the newest version that AppConfig keeps, the one of the
    last complete deployment with what the code thinks of it, and the newest deployment; each may
    be null. No value of a document is told but those that break a rule.

    Raises:
        botocore.exceptions.ClientError: AppConfig or the log does not answer.
    """

    def handler(_event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
        environment = load(ShownConfigurationEnvironment)
        deployments = _deployments()
        listed = deployments.listed()
        ids: Mapping[str, str] = json.loads(environment.configuration_profiles)
        told, more = refusals(aws.brief_client("logs"), environment.validator_logs, clock.now())
        alarms: Sequence[str] = json.loads(environment.configuration_monitors)
        answer: dict[str, Any] = msgspec.to_builtins(
            {
                "profiles": [_profile(deployments, listed, it, ids[it.name]) for it in profiles],
                "alarms": [it.rpartition(":")[2] for it in alarms],
                "refused": told,
                "refused_capped": more,
                "refused_hours": int(KEPT.total_seconds()) // 3600,
            }
        )
        return answer

    return invocation(handler)


@cache
def _deployments() -> Deployments:
    environment = load(ShownConfigurationEnvironment)
    return Deployments(
        aws.brief_client("appconfig"),
        environment.configuration_application,
        environment.configuration_environment,
        json.loads(environment.configuration_strategies),
    )


def _profile(
    deployments: Deployments,
    listed: Sequence[Mapping[str, Any]],
    profile: Profile[Any],
    profile_id: str,
) -> dict[str, Any]:
    own = [it for it in listed if it["ConfigurationName"] == profile.name]
    newest = deployments.details(own[0]["DeploymentNumber"]) if own else None
    complete = next((it for it in own if it["State"] == SERVED), None)
    served = None
    if complete is not None:
        is_newest = newest is not None and complete is own[0]
        found = newest if is_newest else deployments.details(complete["DeploymentNumber"])
        assert found is not None
        version = version_of(str(found["ConfigurationVersion"]), found)
        served = {
            **msgspec.to_builtins(version),
            "since": deployments.rollout(found).ended_at,
            **msgspec.to_builtins(_judged(deployments, profile, profile_id, version)),
        }
    return {
        "profile": profile.name,
        "kept": deployments.newest_version(profile_id),
        "served": served,
        "rollout": deployments.rollout(newest) if newest is not None else None,
    }


_known: dict[tuple[str, Version], Judged] = {}


def _judged(
    deployments: Deployments, profile: Profile[Any], profile_id: str, version: Version
) -> Judged:
    """A version never changes: it is read and judged once in a process."""
    key = (profile_id, version)
    if key not in _known:
        _known[key] = judge(profile, deployments.content(profile_id, version.version), version)
    return _known[key]


def judge(profile: Profile[Any], content: bytes, version: Version) -> Judged:
    """What the service's own code says of a document that AppConfig keeps."""
    document = content
    if (flags := served_flags(content)) is not None:
        document = flags
    broken: list[Rule] = []
    try:
        profile.read(document)
    except Refused as refused:
        broken = [told_as(it) for it in refused.violations][:MOST_RULES]
    return Judged(_is_as_described(document, version), broken)


def _is_as_described(document: bytes, version: Version) -> bool | None:
    if version.sha256 is None:
        return None
    try:
        return digest(json.loads(document)) == version.sha256
    except (ValueError, RecursionError):
        return False
