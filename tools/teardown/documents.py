"""Deletes what `config-apply` deployed: AppConfig keeps a profile while it has a version."""

from __future__ import annotations

from typing import Any

from tools.base.target import Target
from tools.teardown.stacks import DeployedStack

APPLICATION = "AWS::AppConfig::Application"
PROFILE = "AWS::AppConfig::ConfigurationProfile"


def delete_versions(target: Target, stack: DeployedStack) -> int:
    """Every version in the stack's profiles; how many there were. Git has them all."""
    deleted = 0
    for application in stack.of_type(APPLICATION):  # a service has one
        for profile in stack.of_type(PROFILE):
            ids = {
                "ApplicationId": application.physical_id,
                "ConfigurationProfileId": profile.physical_id,
            }
            deleted += _delete_versions(target.client("appconfig"), ids)
    return deleted


def _delete_versions(appconfig: Any, ids: dict[str, str]) -> int:
    deleted = 0
    try:
        # From the beginning again each time: what was listed is gone.
        while found := appconfig.list_hosted_configuration_versions(**ids)["Items"]:
            for version in found:
                appconfig.delete_hosted_configuration_version(
                    **ids, VersionNumber=version["VersionNumber"]
                )
            deleted += len(found)
    except appconfig.exceptions.ResourceNotFoundException:
        return deleted  # the profile went in an earlier try
    return deleted
