"""The agent's retrieval of one configuration: sessions, polling, and AppConfig out of reach."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from tools.emulator.configuration_agent.retrieval import NotDeployed, Retrieval


class AppConfigData:
    """The data API in memory: each token is good for one call, and empty means unchanged."""

    def __init__(self) -> None:
        self.deployed: bytes | None = None
        self.is_reachable = True
        self.sessions = 0
        self.polls = 0
        self._served: dict[str, bytes | None] = {}

    def forget_sessions(self) -> None:
        """As an emulator that was started again."""
        self._served.clear()

    def start_configuration_session(self, **named: str) -> dict[str, str]:
        self._answer()
        assert named == {
            "ApplicationIdentifier": "shop",
            "EnvironmentIdentifier": "dev",
            "ConfigurationProfileIdentifier": "settings",
        }
        self.sessions += 1
        token = f"session {self.sessions}"
        self._served[token] = None
        return {"InitialConfigurationToken": token}

    def get_latest_configuration(self, **named: str) -> dict[str, Any]:
        self._answer()
        self.polls += 1
        (used,) = named.values()
        served = self._served.pop(used)  # a used token is an error, as on AWS
        token = f"{used}'"
        self._served[token] = self.deployed
        content = self.deployed if self.deployed not in (None, served) else b""
        return {
            "NextPollConfigurationToken": token,
            "Configuration": BytesIO(content or b""),
            "ContentType": "application/json",
            "VersionLabel": "commit-1",
        }

    def _answer(self) -> None:
        if not self.is_reachable:
            raise ConnectionError


@pytest.fixture
def appconfig() -> AppConfigData:
    return AppConfigData()


def retrieval(appconfig: AppConfigData, poll_seconds: float = 0.0) -> Retrieval:
    return Retrieval(appconfig, "shop", "dev", "settings", poll_seconds)


def test_one_session_serves_a_document_until_it_changes(appconfig: AppConfigData) -> None:
    its = retrieval(appconfig)
    served = []
    for appconfig.deployed in (b"1", b"1", b"2", b"2", b"1"):
        served.append(its.latest().content)
    assert served == [b"1", b"1", b"2", b"2", b"1"]
    assert (appconfig.sessions, appconfig.polls) == (1, 5)


def test_it_asks_no_more_often_than_it_may(appconfig: AppConfigData) -> None:
    appconfig.deployed = b"1"
    its = retrieval(appconfig, poll_seconds=3600)
    assert {its.latest().content for _ in range(100)} == {b"1"}
    assert appconfig.polls == 1


def test_before_the_first_deployment_it_asks_each_time(appconfig: AppConfigData) -> None:
    its = retrieval(appconfig, poll_seconds=3600)
    with pytest.raises(NotDeployed):
        its.latest()
    appconfig.deployed = b"1"
    assert its.latest().content == b"1"


def test_what_it_has_is_served_on_while_appconfig_is_out_of_reach(
    appconfig: AppConfigData,
) -> None:
    appconfig.deployed = b"1"
    its = retrieval(appconfig)
    its.latest()
    appconfig.is_reachable = False
    appconfig.deployed = b"2"
    assert its.latest().content == b"1"
    appconfig.is_reachable = True
    assert its.latest().content == b"2"


def test_a_session_that_is_forgotten_is_begun_again(appconfig: AppConfigData) -> None:
    appconfig.deployed = b"1"
    its = retrieval(appconfig)
    its.latest()
    appconfig.forget_sessions()
    appconfig.deployed = b"2"
    assert its.latest().content == b"1"
    assert its.latest().content == b"2"


def test_without_anything_to_serve_the_error_is_told(appconfig: AppConfigData) -> None:
    appconfig.is_reachable = False
    with pytest.raises(ConnectionError):
        retrieval(appconfig).latest()


def test_a_label_of_the_version_goes_with_the_document(appconfig: AppConfigData) -> None:
    appconfig.deployed = b"1"
    assert retrieval(appconfig).latest().version == "commit-1"
