"""An operator stops a rollout that is under way, and nothing else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared.runtime.configuration_stop import (
    NotUnderWay,
    StoppedConfigurationEnvironment,
    stop,
)

PLACE = {"ApplicationId": "app", "EnvironmentId": "env", "DeploymentNumber": 7}
ENVIRONMENT = StoppedConfigurationEnvironment("app", "env")
ASKED = {"number": 7, "version": "3"}


class AppConfig:
    """Has one deployment, and stops it as AppConfig does: what bakes only with leave to revert."""

    def __init__(self, state: str, version: str = "3") -> None:
        self.state = state
        self.version = version
        self.stopped: list[dict[str, Any]] = []

    def get_deployment(self, **place: Any) -> dict[str, Any]:
        assert place == PLACE
        return {"State": self.state, "ConfigurationVersion": self.version}

    def stop_deployment(self, **asked: Any) -> dict[str, Any]:
        self.stopped.append(asked)
        return {"State": "ROLLED_BACK" if asked.get("AllowRevert") else "ROLLING_BACK"}


@pytest.mark.parametrize(
    ("state", "more", "becomes"),
    [("DEPLOYING", {}, "rolling_back"), ("BAKING", {"AllowRevert": True}, "rolled_back")],
)
def test_what_is_under_way_is_stopped(state: str, more: dict[str, bool], becomes: str) -> None:
    appconfig = AppConfig(state)
    assert stop(ASKED, appconfig, ENVIRONMENT) == becomes
    assert appconfig.stopped == [{**PLACE, **more}]


@pytest.mark.parametrize(
    ("state", "version"),
    [("COMPLETE", "3"), ("ROLLED_BACK", "3"), ("REVERTED", "3"), ("DEPLOYING", "4")],
)
def test_what_has_ended_or_is_of_another_version_is_left_alone(state: str, version: str) -> None:
    appconfig = AppConfig(state, version)
    with pytest.raises(NotUnderWay):
        stop(ASKED, appconfig, ENVIRONMENT)
    assert appconfig.stopped == []


@pytest.mark.parametrize(
    "asked", [{}, {"number": 0, "version": "1"}, {"number": "7", "version": "1"}, {**ASKED, "x": 1}]
)
def test_a_request_of_another_form_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        stop(asked, AppConfig("DEPLOYING"), ENVIRONMENT)
