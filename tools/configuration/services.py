"""The services that have configuration, as their code declares it, and their documents."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from shared.runtime.configuration import Profile
from stacks.services import declared
from tools.base.target import ENVIRONMENTS
from tools.configuration import documents
from tools.configuration.documents import CHECKOUT, Document
from tools.configuration.errors import NotValid, UnknownName
from tools.configuration.problems import Problem, shown

CONFIG = CHECKOUT / "config"
LAMBDAS = CHECKOUT / "lambdas"


@dataclass(frozen=True, eq=False)
class Configured:
    """A service with its profiles and, by profile, the JSON Schema that AppConfig is given too."""

    name: str
    profiles: tuple[Profile[Any], ...]
    schemas: dict[str, dict[str, Any]]
    is_optional: bool = False
    """Whether it is deployed only where the context asks for it."""


@cache
def configured() -> dict[str, Configured]:
    """Every service that declares profiles in its ``configuration.py``, by name."""
    packages = sorted(it.parent.name for it in LAMBDAS.glob("*/configuration.py"))
    return {
        it.name: it for package in packages if package != "shared" for it in [_of_package(package)]
    }


def chosen(names: Iterable[str] | None) -> list[Configured]:
    """The services of these names, or all of them.

    Raises:
        UnknownName: a name is none of them.
    """
    known = configured()
    wanted = list(names or known)
    if strangers := [name for name in wanted if name not in known]:
        raise UnknownName(
            f"no service {shown(strangers[0])} has configuration; there are {', '.join(known)}"
        )
    return [known[name] for name in dict.fromkeys(wanted)]


def documents_of(
    environment: str, services: Iterable[Configured], config: Path = CONFIG
) -> list[Document]:
    """The documents of these services in an environment, as they are in the checkout.

    Raises:
        UnknownName: there is no such environment.
        NotValid: a document is not there or not JSON, or there is one of no service: all are named.
    """
    if environment not in ENVIRONMENTS:
        raise UnknownName(
            f"no environment {shown(environment)}; there are {', '.join(ENVIRONMENTS)}"
        )
    services = list(services)
    found: list[Document] = []
    problems = list(_of_nobody(environment, config, {it.name for it in services}))
    for service in services:
        path = config / environment / f"{service.name}.json"
        try:
            found.append(documents.read(path, environment, service.name))
        except NotValid as refused:
            problems += refused.problems
    if problems:
        raise NotValid(problems)
    return found


def _of_nobody(environment: str, config: Path, chosen: set[str]) -> Iterable[Problem]:
    """Documents whose name is no service's: a misspelt one would never be deployed."""
    known = configured().keys() | chosen
    for path in sorted((config / environment).glob("*")):
        if path.suffix != ".json" or path.stem not in known:
            rule = f"a document is named after its service: {', '.join(sorted(known))}"
            yield Problem(documents.name_of(path), "", rule, shown(path.name))


def _of_package(package: str) -> Configured:
    profiles: tuple[Profile[Any], ...] = importlib.import_module(
        f"{package}.configuration"
    ).PROFILES
    service = package.replace("_", "-")
    files = {it.name: CONFIG / "schemas" / f"{service}.{it.name}.schema.json" for it in profiles}
    schemas = {name: json.loads(file.read_text()) for name, file in files.items() if file.exists()}
    is_optional = any(it.name == service and it.optional for it in declared())
    return Configured(service, profiles, schemas, is_optional)
