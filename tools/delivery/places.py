"""Whose repository is delivered, from which account and to which, as delivery.toml says."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from contracts.product import PRODUCT

FILE = Path(__file__).with_name("delivery.toml")
STAGING, PRODUCTION = "staging", "prod"
STAGES = (STAGING, PRODUCTION)
_ACCOUNT = re.compile(r"\d{12}")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_BRANCH = re.compile(r"[\w./-]+")


class NotDeliverable(Exception):
    """delivery.toml says something that nothing could be delivered by; the message says what."""


@dataclass(frozen=True)
class Places:
    """``repository`` is ``owner/name``; ``accounts`` has ``tools``, ``staging`` and ``prod``.

    ``budgets`` are USD a month for both stages.
    """

    repository: str
    branch: str
    connection_arn: str
    region: str
    accounts: dict[str, str]
    budgets: dict[str, int]

    @property
    def owner(self) -> str:
        """Who has the repository."""
        return self.repository.partition("/")[0]

    @property
    def name(self) -> str:
        """What it is called there."""
        return self.repository.partition("/")[2]


def read(file: Path = FILE) -> Places:
    """What the file says.

    Raises:
        NotDeliverable: something is missing, or has a form from which a pattern could be made.
    """
    told = tomllib.loads(file.read_text("utf-8"))
    try:
        places = Places(**told)
        accounts = {name: places.accounts[name] for name in ("tools", *STAGES)}
    except (KeyError, TypeError) as error:
        raise NotDeliverable(f"{file.name} lacks or does not know {error}") from error
    for name, form, said in (
        ("repository", _REPOSITORY, places.repository),
        ("branch", _BRANCH, places.branch),
        *((f"accounts.{name}", _ACCOUNT, account) for name, account in accounts.items()),
    ):
        if not form.fullmatch(str(said)):
            raise NotDeliverable(f"{file.name}: {name} cannot be {said!r}")
    for name in STAGES:
        if type(places.budgets.get(name)) is not int or places.budgets[name] <= 0:
            raise NotDeliverable(f"{file.name}: budgets.{name} must be USD a month, in whole ones")
    if accounts[STAGING] == accounts[PRODUCTION]:
        raise NotDeliverable(f"{file.name}: staging and prod are one account")
    return places


def build_role(service: str, stage: str) -> str:
    """The role of the project in the tools account that deploys a service to a stage."""
    return f"{PRODUCT}-build-{stage}-{service}"


def deploy_role(service: str) -> str:
    """The role in a stage's account that this project assumes."""
    return f"{PRODUCT}-deliver-{service}"


def canary_role(service: str) -> str:
    """The role in production's account by which the pipeline starts a service's canary."""
    return f"{PRODUCT}-canary-{service}"


def pipeline_role(service: str) -> str:
    """The role of a service's pipeline."""
    return f"{PRODUCT}-pipeline-{service}"


def canary_name(service: str) -> str:
    """The state machine that watches a service after its deployment."""
    return f"{PRODUCT}-canary-{service}"
