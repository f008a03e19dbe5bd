"""Pricing's documents in the emulator's AppConfig: the agent beside the server asks for them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.product import PRODUCT
from pricing_language.documents import PROFILES
from tools.base.endpoint import Cloud
from tools.emulator.container_process import ContainerProcessError

OFFLINE = "dev"
NAME = f"{PRODUCT}-{OFFLINE}-pricing"
DEPLOYED_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class PricingConfiguration:
    """``PricingConfiguration.of(cloud).deploy(settings={...})``; ids are AppConfig's."""

    cloud: Cloud
    application: str
    environment: str
    profiles: Mapping[str, str]
    strategy: str

    @classmethod
    def of(cls, cloud: Cloud) -> PricingConfiguration:
        """Find it, or make it with documents that change nothing."""
        client = cloud.client("appconfig")
        known = {it["Name"]: it["Id"] for it in _all(client, "list_applications")}
        if NAME in known:
            return cls._found(cloud, known[NAME])
        application = client.create_application(Name=NAME)["Id"]
        client.create_environment(ApplicationId=application, Name=OFFLINE)
        for profile in PROFILES:
            client.create_configuration_profile(
                ApplicationId=application, Name=profile.name, LocationUri="hosted"
            )
        client.create_deployment_strategy(
            Name=NAME,
            DeploymentDurationInMinutes=0,
            GrowthFactor=100.0,
            FinalBakeTimeInMinutes=0,
            ReplicateTo="NONE",
        )
        made = cls._found(cloud, application)
        made.deploy(**{profile.name: {} for profile in PROFILES})
        return made

    @classmethod
    def _found(cls, cloud: Cloud, application: str) -> PricingConfiguration:
        client = cloud.client("appconfig")
        environments = _all(client, "list_environments", ApplicationId=application)
        profiles = _all(client, "list_configuration_profiles", ApplicationId=application)
        strategies = _all(client, "list_deployment_strategies")
        return cls(
            cloud,
            application,
            next(it["Id"] for it in environments if it["Name"] == OFFLINE),
            {it["Name"]: it["Id"] for it in profiles},
            next(it["Id"] for it in strategies if it["Name"] == NAME),
        )

    def deploy(self, **documents: Mapping[str, Any]) -> None:
        """Deploy these documents by profile, as the service's own types take them.

        Raises:
            Refused: a document is not right; nothing is deployed then.
            ContainerProcessError: a deployment did not end in time.
        """
        by_name = {profile.name: profile for profile in PROFILES}
        contents = {name: json.dumps(it).encode() for name, it in documents.items()}
        for name, content in contents.items():
            by_name[name].read(content)
        for name, content in contents.items():
            self._deploy(name, content)

    def _deploy(self, profile: str, content: bytes) -> None:
        client = self.cloud.client("appconfig")
        version = client.create_hosted_configuration_version(
            ApplicationId=self.application,
            ConfigurationProfileId=self.profiles[profile],
            Content=content,
            ContentType="application/json",
        )["VersionNumber"]
        number = client.start_deployment(
            ApplicationId=self.application,
            EnvironmentId=self.environment,
            DeploymentStrategyId=self.strategy,
            ConfigurationProfileId=self.profiles[profile],
            ConfigurationVersion=str(version),
        )["DeploymentNumber"]
        deadline = time.monotonic() + DEPLOYED_SECONDS
        where = {"ApplicationId": self.application, "EnvironmentId": self.environment}
        while client.get_deployment(**where, DeploymentNumber=number)["State"] != "COMPLETE":
            if time.monotonic() > deadline:
                raise ContainerProcessError(f"pricing's {profile} were not deployed in time")
            time.sleep(0.05)


def _all(client: Any, operation: str, **asked: str) -> list[dict[str, Any]]:
    """A list to its end."""
    pages = client.get_paginator(operation).paginate(**asked)
    return [it for page in pages for it in page["Items"]]
