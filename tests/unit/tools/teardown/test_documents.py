"""Versions of configuration go before the stack whose profiles they would keep."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from contracts.product import PRODUCT
from tools.base.target import Target
from tools.teardown.deletion import delete
from tools.teardown.documents import APPLICATION, PROFILE
from tools.teardown.plan import StackPlan
from tools.teardown.stacks import DeployedStack, Resource

PAGE = 50


class NotFound(Exception):
    """AppConfig's ResourceNotFoundException."""


class FakeAppConfig:
    """Profiles with versions; as CloudFormation it refuses while there is one, like AWS."""

    class exceptions:  # noqa: N801 - as botocore calls it
        """What its clients raise."""

        ResourceNotFoundException = NotFound
        ClientError = NotFound

    def __init__(self, **versions: int) -> None:
        self.versions = {name: list(range(1, count + 1)) for name, count in versions.items()}

    def list_hosted_configuration_versions(self, **ids: str) -> dict[str, Any]:
        """The first page."""
        assert ids["ApplicationId"] == "the-application"
        if ids["ConfigurationProfileId"] not in self.versions:
            raise NotFound
        found = self.versions[ids["ConfigurationProfileId"]]
        return {"Items": [{"VersionNumber": it} for it in found[:PAGE]]}

    def delete_hosted_configuration_version(self, **ids: Any) -> None:
        """One is gone."""
        self.versions[ids["ConfigurationProfileId"]].remove(ids["VersionNumber"])

    def delete_stack(self, **_: str) -> None:
        """What AWS says of a profile that has versions."""
        assert not any(self.versions.values()), "there are still hosted configuration versions"

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        """Gone at once."""
        return {"Stacks": [{"StackStatus": "DELETE_COMPLETE"}]}


def torn_down(cloud: FakeAppConfig) -> tuple[list[str], list[str]]:
    """The stacks that were deleted, and what was said."""
    resources = (
        Resource("Application", APPLICATION, "the-application", "Delete"),
        Resource("Settings", PROFILE, "settings", "Delete"),
        Resource("Flags", PROFILE, "flags", "Delete"),
    )
    now = datetime(2026, 12, 1, tzinfo=UTC)
    stack = DeployedStack(f"{PRODUCT}-dev-x", "x", "CREATE_COMPLETE", False, now, {}, resources)
    account = Target("here", "dev", lambda _: cloud, is_offline=True)
    said: list[str] = []
    outcome = delete(account, [StackPlan(stack, (), (), None)], said.append)
    assert not outcome.failed
    return outcome.deleted, said


def test_every_version_of_every_profile_is_deleted_before_the_stack() -> None:
    deleted, said = torn_down(FakeAppConfig(settings=PAGE * 2 + 7, flags=1))
    assert deleted == [f"{PRODUCT}-dev-x"]
    assert said[0] == f"{PRODUCT}-dev-x: deleted 108 versions of its configuration"


def test_a_profile_that_is_gone_already_is_no_obstacle() -> None:
    assert torn_down(FakeAppConfig(settings=1))[0] == [f"{PRODUCT}-dev-x"]
