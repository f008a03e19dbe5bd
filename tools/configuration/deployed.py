"""What AppConfig holds of a service: its profiles, what each serves, and what is under way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.product import PRODUCT
from tools.base.target import Target
from tools.configuration import documents, flags
from tools.configuration.documents import canonical
from tools.configuration.errors import NotDeployed
from tools.configuration.provenance import Provenance, described

UNDER_WAY = ("DEPLOYING", "BAKING", "ROLLING_BACK", "VALIDATING")
_COUNTS = ("COMPLETE", "DEPLOYING", "BAKING", "VALIDATING")
"""States whose version is served, or will be: not those of a rollback."""
_PAGE = 50
"""The most deployments that AppConfig lists in one answer."""


@dataclass(frozen=True, slots=True)
class Validator:
    """``content`` is a JSON Schema or a function's ARN, as ``type`` says."""

    type: str
    content: str


@dataclass(frozen=True, slots=True)
class DeployedProfile:
    """A profile as the service's stack made it."""

    id: str
    name: str
    type: str
    validators: tuple[Validator, ...]

    def to_appconfig(self, value: Any) -> bytes:
        """The bytes that AppConfig keeps for the value that git has."""
        return canonical(flags.to_appconfig(value) if self.type == flags.TYPE else value)

    def from_appconfig(self, content: bytes) -> Any:
        """The value as git has it, of what AppConfig keeps.

        Raises:
            NotValid, NoFlags: it is nothing that this program deployed.
        """
        value = documents.parse(content, f"deployed {self.name}")
        return flags.from_appconfig(value) if self.type == flags.TYPE else value


@dataclass(frozen=True, slots=True)
class Place:
    """Where a service's configuration is deployed to."""

    service: str
    environment: str
    application_id: str
    environment_id: str
    strategy_id: str
    profiles: Mapping[str, DeployedProfile]
    first_strategy_id: str
    """How a profile gets its first version ever: nobody reads one that could be put back."""

    @property
    def environment_ids(self) -> dict[str, str]:
        """As AppConfig's calls take them."""
        return {"ApplicationId": self.application_id, "EnvironmentId": self.environment_id}


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment, as it is listed."""

    number: int
    profile: str
    version: str
    state: str
    percentage: float
    started_at: str

    @property
    def is_under_way(self) -> bool:
        """Whether no other can start."""
        return self.state in UNDER_WAY

    def __str__(self) -> str:
        return (
            f"deployment {self.number} of {self.profile}, version {self.version}: "
            f"{self.state} at {self.percentage:g} %"
        )


@dataclass(frozen=True, slots=True)
class Served:
    """What a profile gives to its readers; ``content`` is as AppConfig keeps it."""

    deployment: Deployment
    description: str
    content: bytes

    @property
    def provenance(self) -> Provenance | None:
        """Where it says that it comes from."""
        return described(self.description)


def is_there(target: Target, service: str) -> bool:
    """Whether a service's stack has published an application."""
    name = f"/{PRODUCT}/{target.environment}/{service}/configuration-application-id"
    return bool(target.client("ssm").get_parameters(Names=[name])["Parameters"])


def place(target: Target, service: str, profiles: Iterable[str], strategy: str = "") -> Place:
    """Where a service's configuration goes, as its stack published it.

    Args:
        strategy: such as ``watched``; empty is the environment's own choice, and at once for a
            profile's first version.

    Raises:
        NotDeployed: the stack is not there, or is not as this checkout has it.
    """
    names = {
        "application": "application",
        "environment": "environment",
        "strategy": f"{strategy}-strategy" if strategy else "strategy",
        "first": f"{strategy}-strategy" if strategy else "at-once-strategy",
        **{f"{it}-profile": f"{it}-profile" for it in profiles},
    }
    prefix = f"/{PRODUCT}/{target.environment}/{service}/configuration-"
    paths = {kind: f"{prefix}{name}-id" for kind, name in names.items()}
    answer = target.client("ssm").get_parameters(Names=sorted(set(paths.values())))
    if missing := answer["InvalidParameters"]:
        raise NotDeployed(f"{target.name} has no {missing[0]}: deploy {service} first")
    values = {it["Name"]: str(it["Value"]) for it in answer["Parameters"]}
    ids = {kind: values[path] for kind, path in paths.items()}
    appconfig = target.client("appconfig")
    return Place(
        service,
        target.environment,
        ids["application"],
        ids["environment"],
        ids["strategy"],
        {it: _profile(appconfig, ids["application"], ids[f"{it}-profile"]) for it in profiles},
        ids["first"],
    )


def deployments(appconfig: Any, at: Place) -> Iterator[Deployment]:
    """The deployments in the environment, the newest first; asked for as far as they are wanted."""
    pages = appconfig.get_paginator("list_deployments").paginate(
        **at.environment_ids, PaginationConfig={"PageSize": _PAGE}
    )
    for page in pages:
        found = [_deployment(it) for it in page["Items"]]
        if found and found[0].number < found[-1].number:
            # The emulator begins with the oldest, and leaves out what comes after a page.
            found = sorted([*found, *_after(appconfig, at, found[-1].number)], key=_newest_first)
        yield from found


def served(appconfig: Any, at: Place, profile: str) -> Served | None:
    """What the profile gives, or is about to give if a deployment is under way; None before any."""
    for deployment in deployments(appconfig, at):
        if deployment.profile == profile and deployment.state in _COUNTS:
            break
    else:
        return None
    details = appconfig.get_deployment(DeploymentNumber=deployment.number, **at.environment_ids)
    version = appconfig.get_hosted_configuration_version(
        ApplicationId=at.application_id,
        ConfigurationProfileId=at.profiles[profile].id,
        VersionNumber=int(deployment.version),
    )
    return Served(deployment, details.get("Description", ""), version["Content"].read())


def _after(appconfig: Any, at: Place, number: int) -> Iterator[Deployment]:
    """The deployments that follow this one, asked for one by one."""
    while True:
        number += 1
        try:
            yield _deployment(
                appconfig.get_deployment(DeploymentNumber=number, **at.environment_ids)
            )
        except appconfig.exceptions.ResourceNotFoundException:
            return


def _newest_first(deployment: Deployment) -> int:
    return -deployment.number


def _profile(appconfig: Any, application_id: str, id: str) -> DeployedProfile:
    found = appconfig.get_configuration_profile(
        ApplicationId=application_id, ConfigurationProfileId=id
    )
    validators = [Validator(it["Type"], it["Content"]) for it in found.get("Validators", [])]
    return DeployedProfile(id, found["Name"], found["Type"], tuple(validators))


def _deployment(item: Mapping[str, Any]) -> Deployment:
    return Deployment(
        item["DeploymentNumber"],
        item["ConfigurationName"],
        item["ConfigurationVersion"],
        item["State"],
        float(item.get("PercentageComplete", 0)),
        f"{item['StartedAt']:%Y-%m-%d %H:%M:%S %Z}" if item.get("StartedAt") else "",
    )
