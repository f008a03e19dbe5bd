"""Operators see of a configuration what AppConfig and the validator's log have of it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import pytest

from shared.runtime import aws, configuration_refusals, configuration_shown
from shared.runtime.configuration import Profile, Refused
from shared.runtime.configuration_deployments import Deployments, Version, canonical, digest
from shared.runtime.configuration_refusals import MOST, refusals
from shared.runtime.configuration_shown import judge, shown
from shared.runtime.configuration_validator import validator

COMMIT = "a" * 40
NOW = "2026-12-01T12:00:00.000Z"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    most_items: Annotated[int, msgspec.Meta(le=100)] = 50


SETTINGS = Profile("settings", Settings)
GOOD = {"most_items": 7}


def described(value: Any) -> str:
    return f"commit {COMMIT} sha256 {digest(value)}"


def deployment(number: int, state: str = "COMPLETE", **changed: Any) -> dict[str, Any]:
    return {
        "DeploymentNumber": number,
        "ConfigurationName": "settings",
        "ConfigurationVersion": str(number),
        "State": state,
        "PercentageComplete": 100.0,
        "DeploymentStrategyId": "s-2",
        "GrowthFactor": 20.0,
        "DeploymentDurationInMinutes": 10,
        "FinalBakeTimeInMinutes": 10,
        "StartedAt": datetime(2026, 12, 1, 11, tzinfo=UTC),
        "Description": described(GOOD),
        **changed,
    }


class AppConfig:
    """What it has, by number; versions hold a document each."""

    def __init__(self, *deployments: dict[str, Any], contents: Mapping[int, bytes]) -> None:
        self.deployments = {it["DeploymentNumber"]: it for it in deployments}
        self.contents = contents
        self.read: list[int] = []

    def list_deployments(self, **_request: Any) -> dict[str, Any]:
        hidden = {"Description", "EventLog", "DeploymentStrategyId"}
        return {
            "Items": [
                {name: value for name, value in it.items() if name not in hidden}
                for it in self.deployments.values()
            ]
        }

    def get_deployment(self, **request: Any) -> dict[str, Any]:
        return self.deployments[request["DeploymentNumber"]]

    def list_hosted_configuration_versions(self, **_request: Any) -> dict[str, Any]:
        return {
            "Items": [
                {"VersionNumber": it, "Description": described(GOOD), "VersionLabel": f"v{it}"}
                for it in self.contents
            ]
        }

    def get_hosted_configuration_version(self, **request: Any) -> dict[str, Any]:
        self.read.append(request["VersionNumber"])
        return {"Content": io.BytesIO(self.contents[request["VersionNumber"]])}


class Logs:
    """The validator's log, in pages."""

    def __init__(self, *pages: list[str]) -> None:
        self.pages = pages
        self.asked: list[dict[str, Any]] = []

    def filter_log_events(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        at = int(request.get("nextToken", "0"))
        page: dict[str, Any] = {"events": [{"message": it} for it in self.pages[at]]}
        return page | ({"nextToken": str(at + 1)} if at + 1 < len(self.pages) else {})


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the handler answers, given what AppConfig and the log have."""
    for name, value in {
        "CONFIGURATION_APPLICATION": "app",
        "CONFIGURATION_ENVIRONMENT": "env",
        "CONFIGURATION_PROFILES": '{"settings": "p-1"}',
        "CONFIGURATION_STRATEGIES": '{"s-1": "at-once", "s-2": "watched"}',
        "CONFIGURATION_MONITORS": '["arn:aws:cloudwatch:eu-west-1:1:alarm:shop-RequestsFail"]',
        "VALIDATOR_LOGS": "judge",
    }.items():
        monkeypatch.setenv(name, value)

    def answer(appconfig: AppConfig, logs: Logs | None = None) -> dict[str, Any]:
        clients = {"appconfig": appconfig, "logs": logs or Logs([])}
        monkeypatch.setattr(aws, "brief_client", clients.__getitem__)
        configuration_shown._deployments.cache_clear()
        configuration_shown._known.clear()
        return shown([SETTINGS])({}, None)

    return answer


def test_what_git_has_is_deployed_and_served(tell: Any) -> None:
    done = datetime(2026, 12, 1, 11, 20, tzinfo=UTC)
    told = tell(AppConfig(deployment(3, CompletedAt=done), contents={3: canonical(GOOD)}))
    assert told["alarms"] == ["shop-RequestsFail"]
    [profile] = told["profiles"]
    assert profile["kept"] == {
        "version": "3", "label": "v3", "commit": COMMIT, "sha256": digest(GOOD),
    }  # fmt: skip
    assert profile["served"]["since"] == "2026-12-01T11:20:00.000Z"
    assert (profile["served"]["as_described"], profile["served"]["refused"]) == (True, [])
    assert (profile["rollout"]["state"], profile["rollout"]["under_way"]) == ("complete", False)


def test_a_rollout_under_way_leaves_the_version_before_served(tell: Any) -> None:
    told = tell(
        AppConfig(
            deployment(3),
            deployment(4, "DEPLOYING", PercentageComplete=40.0),
            contents={3: canonical(GOOD), 4: canonical(GOOD)},
        )
    )
    [profile] = told["profiles"]
    assert profile["served"]["version"] == "3"
    rollout = profile["rollout"]
    assert (rollout["version"], rollout["state"], rollout["percent"]) == ("4", "deploying", 40.0)
    assert (rollout["under_way"], rollout["strategy"], rollout["ended_by"]) == (
        True, "watched", None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "by", "ended_by", "reason"),
    [
        ("ROLLBACK_STARTED", "arn:aws:cloudwatch:e:1:alarm:shop-Fails", "alarm", "shop-Fails"),
        ("ROLLBACK_STARTED", "123456789012", "operator", "123456789012"),
        ("REVERT_COMPLETED", "arn:aws:sts::1:assumed-role/stop", "operator", "assumed-role/stop"),
    ],
)
def test_who_ended_a_rollout_is_told(
    tell: Any, kind: str, by: str, ended_by: str, reason: str
) -> None:
    event = {
        "EventType": kind,
        "TriggeredBy": "CLOUDWATCH_ALARM" if ended_by == "alarm" else "USER",
        "Description": f"Rollback initiated by {by}",
        "OccurredAt": datetime(2026, 12, 1, 11, 5, tzinfo=UTC),
    }
    told = tell(AppConfig(deployment(4, "ROLLED_BACK", EventLog=[event]), contents={}))
    [profile] = told["profiles"]
    assert profile["served"] is None
    rollout = profile["rollout"]
    assert (rollout["ended_by"], rollout["reason"]) == (ended_by, reason)
    assert rollout["ended_at"] == "2026-12-01T11:05:00.000Z"


def test_a_profile_that_was_never_deployed_has_nothing(tell: Any) -> None:
    told = tell(AppConfig(contents={}))
    assert told["profiles"] == [
        {"profile": "settings", "kept": None, "served": None, "rollout": None}
    ]


def test_a_version_is_read_once_in_a_process(tell: Any) -> None:
    appconfig = AppConfig(deployment(3), contents={3: canonical(GOOD)})
    tell(appconfig)
    shown([SETTINGS])({}, None)
    assert appconfig.read == [3]


def test_what_was_changed_by_hand_or_is_refused_by_the_code_says_so() -> None:
    version = Version("3", None, COMMIT, digest(GOOD))
    other = judge(SETTINGS, b'{"most_items": 8}', version)
    assert (other.as_described, other.refused) == (False, [])
    broken = judge(SETTINGS, b'{"most_items": 101}', Version("3", None, None, None))
    assert broken.as_described is None
    assert [(it.path, it.rule) for it in broken.refused] == [
        ("/most_items", "Expected `int` <= 100")
    ]
    stored = {"version": "1", "flags": {}, "values": {}}
    empty = judge(SETTINGS, json.dumps(stored).encode(), Version("3", None, COMMIT, digest({})))
    assert empty.as_described is True


@pytest.mark.parametrize("content", [b"", b"\xff", b"[" * 100_000, b'"\\ud800"', b"NaN", b"null"])
def test_whatever_is_deployed_is_judged(content: bytes) -> None:
    found = judge(SETTINGS, content, Version("3", None, COMMIT, digest(GOOD)))
    assert found.as_described is False
    assert found.refused


def refuse(content: bytes, version: str) -> None:
    event = {"content": base64.b64encode(content).decode(), "configurationVersion": version}
    with pytest.raises(Refused):
        validator([SETTINGS])(event, None)


def test_what_the_validator_refuses_is_found_in_its_log(
    capsys: pytest.CaptureFixture[str],
) -> None:
    refuse(b'{"most_items": "many\\u202e"}', "5")
    hostile = json.dumps({"x" * 5000 + "\u202e": 1}, ensure_ascii=False).encode()
    refuse(hostile, "6")
    lines = capsys.readouterr().out.splitlines()
    logs = Logs(["no JSON, and document refused", *lines], ['{"message": "document refused"}'])
    found, more = refusals(logs, "judge", NOW)
    assert not more
    assert {it.version for it in found} == {"5", "6"}
    wrong = next(it for it in found if it.version == "5")
    assert (wrong.profile, wrong.path, wrong.rule) == (
        "settings", "/most_items", "Expected `int`, got `str`",
    )  # fmt: skip
    for it in found:
        assert len(it.path) <= 200
        assert all(text.isprintable() for text in (it.path, it.rule, it.found))
    assert logs.asked[0]["filterPattern"] == '"document refused"'


def test_the_newest_refusals_are_told_and_that_there_are_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for number in range(MOST + 1):
        refuse(b"nonsense", str(number))
    lines = capsys.readouterr().out.splitlines()
    found, more = refusals(Logs(lines), "judge", NOW)
    assert (len(found), more) == (MOST, True)
    assert found[0].at >= found[-1].at
    endless = Logs(*[[] for _ in range(9)])
    assert refusals(endless, "judge", NOW) == ([], True)
    assert len(endless.asked) == configuration_refusals._PAGES


def test_a_deployment_is_told_with_what_botocore_may_leave_out() -> None:
    bare = {"DeploymentNumber": 1, "ConfigurationVersion": "1", "State": "VALIDATING"}
    rollout = Deployments(None, "app", "env", {}).rollout(bare)
    assert (rollout.strategy, rollout.started_at, rollout.under_way) == (None, None, True)
