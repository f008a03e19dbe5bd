"""What is served is told by the newest deployment that was not taken back."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tools.configuration.deployed import DeployedProfile, Place, deployments, served

PAGE = 50
SETTINGS = DeployedProfile("s1", "settings", "AWS.Freeform", ())
PLACE = Place("scratch", "dev", "app", "env", "strategy", {"settings": SETTINGS}, "first")


class FakeAppConfig:
    """A history as AWS lists it: in pages, the newest first. ``pages`` counts those asked for."""

    def __init__(self, *states: str) -> None:
        self.history = [
            {
                "DeploymentNumber": number,
                "ConfigurationName": "settings",
                "ConfigurationVersion": str(number),
                "State": state,
            }
            for number, state in enumerate(states, 1)
        ]
        self.pages = 0

    def get_paginator(self, _operation: str) -> FakeAppConfig:
        """Itself."""
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        """Page by page."""
        newest_first = self.history[::-1]
        for begin in range(0, max(len(newest_first), 1), PAGE):
            self.pages += 1
            yield {"Items": newest_first[begin : begin + PAGE]}

    def get_deployment(self, **asked: Any) -> Mapping[str, Any]:
        """One, described by its number."""
        number = asked["DeploymentNumber"]
        return {**self.history[number - 1], "Description": f"the {number}."}

    def get_hosted_configuration_version(self, **asked: Any) -> Mapping[str, Any]:
        """A version that holds its number."""
        return {"Content": io.BytesIO(b"%d" % asked["VersionNumber"])}


@pytest.mark.parametrize(
    ("states", "version"),
    [
        (["COMPLETE", "COMPLETE"], 2),
        (["COMPLETE", "ROLLED_BACK"], 1),
        (["COMPLETE", "ROLLING_BACK"], 1),
        (["COMPLETE", "REVERTED"], 1),
        (["COMPLETE", "DEPLOYING"], 2),
        (["COMPLETE", "BAKING"], 2),
    ],
)
def test_the_newest_that_counts_is_served(states: list[str], version: int) -> None:
    found = served(FakeAppConfig(*states), PLACE, "settings")
    assert found is not None
    assert (found.deployment.number, found.description) == (version, f"the {version}.")
    assert found.content == b"%d" % version


@pytest.mark.parametrize("states", [[], ["ROLLED_BACK"]])
def test_before_the_first_that_counts_nothing_is_served(states: list[str]) -> None:
    assert served(FakeAppConfig(*states), PLACE, "settings") is None


def test_of_a_long_history_no_more_is_asked_for_than_is_wanted() -> None:
    appconfig = FakeAppConfig(*["COMPLETE"] * 500)
    assert next(deployments(appconfig, PLACE)).number == 500
    assert appconfig.pages == 1
    assert len(list(deployments(appconfig, PLACE))) == 500
