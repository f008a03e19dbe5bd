"""What services know of each other's messages and names: from contracts, templates and code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from contracts.product import PRODUCT
from stacks.services import OWN, Service
from tools.affected.files import Files
from tools.affected.imports import Imports

_MESSAGES = ("contracts/events/", "contracts/released/")
_TEMPLATES = "tests/infra/__snapshots__/test_snapshots/test_template[{}].json"
_COPIED = re.compile(r"^COPY[ \t]+(?!--from)(?:--\S+[ \t]+)*(.+)[ \t]\S+$", re.MULTILINE)
_CONSTRUCT = re.compile(r'"([A-Z][a-zA-Z]{4,})"')


@dataclass(frozen=True)
class Contract:
    """One schema of a message."""

    type: str
    owner: str


class Knowledge:
    """What is told by files about the services, of which some may be gone."""

    def __init__(self, files: Files, imports: Imports, services: tuple[Service, ...]) -> None:
        self.files = files
        self.imports = imports
        self.services = services

    @cached_property
    def own(self) -> dict[str, frozenset[str]]:
        """The files of each service, without its tests."""
        return {it.name: frozenset(self._own(it)) for it in self.services}

    @cached_property
    def owner(self) -> dict[str, str]:
        """Whose file each is."""
        return {path: name for name, paths in self.own.items() for path in paths}

    @cached_property
    def packaged(self) -> dict[str, frozenset[str]]:
        """What each service's package takes along: its modules and what they import."""
        return {
            name: self.imports.closure(it for it in own if it.startswith("lambdas/"))
            for name, own in self.own.items()
        }

    @cached_property
    def synthesized(self) -> dict[str, frozenset[str]]:
        """What each service's stack is made of."""
        return {
            name: self.imports.closure(it for it in own if it.startswith("stacks/"))
            for name, own in self.own.items()
        }

    @cached_property
    def contracts(self) -> dict[str, Contract]:
        """The schemas of messages by their paths."""
        return dict(self._contracts())

    @cached_property
    def images(self) -> dict[str, tuple[str, ...]]:
        """The files and folders that each image takes along, by its folder in ``containers``."""
        return {
            path.split("/")[1]: tuple(it for line in _COPIED.findall(text) for it in line.split())
            for path, text in self.files.texts.items()
            if path.startswith("containers/") and path.endswith("/Dockerfile")
        }

    def who_runs(self, image: str) -> Iterator[str]:
        """Whose image it is; else those whose stack has a construct of its name."""
        if owner := self.owner.get(f"containers/{image}/Dockerfile"):
            yield owner
            return
        for name, modules in self.synthesized.items():
            if f"stacks/constructs/{image}.py" in modules:
                yield name

    def knows(self, service: Service, contract: Contract) -> bool:
        """Whether a service takes a message in or sends it, as far as its code or template says."""
        if contract.type in self._taken_from_the_bus(service, contract.owner):
            return True
        word = re.compile(rf"\b{contract.type}\b")
        spoken = (it for it in self.packaged[service.name] if not it.startswith("lambdas/shared/"))
        return any(
            word.search(self.files.texts[it]) for it in {*spoken, *self._stack(service.name)}
        )

    def names(self, service: Service, other: str) -> bool:
        """Whether a service's own code or template names another one."""
        package = other.replace("-", "_")
        word = re.compile(rf"""["'/]{other}["'/]|\b(?:from|import) {package}\b""")
        return any(word.search(self.files.texts[it]) for it in self.own[service.name])

    @cached_property
    def constructs(self) -> dict[str, str]:
        """The service of each name that only one stack gives, such as ``PlaceOrder``."""
        found: dict[str, set[str]] = {}
        for name in self.own:
            for path in self._stack(name):
                for construct in _CONSTRUCT.findall(self.files.texts[path]):
                    found.setdefault(construct, set()).add(name)
        return {it: owners.pop() for it, owners in found.items() if len(owners) == 1}

    def _stack(self, name: str) -> Iterator[str]:
        return (it for it in self.own[name] if it.startswith("stacks/"))

    def _own(self, service: Service) -> Iterator[str]:
        patterns = (
            it.format(name=service.name, package=service.package)
            for it in (*OWN, *service.also_owns)
            if not it.startswith("tests/")
        )
        fitting = re.compile("|".join(map(_expression, patterns)))
        return (path for path in self.files.texts if fitting.fullmatch(path))

    def _contracts(self) -> Iterator[tuple[str, Contract]]:
        from contracts.messages import PARTS

        for path, text in self.files.texts.items():
            if path.startswith(_MESSAGES) and path.endswith(".schema.json"):
                schema = _parsed(text)
                owner = str(schema.get("x-owner", ""))
                yield path, Contract(str(schema.get("title", "")), PARTS.get(owner, owner))

    def _taken_from_the_bus(self, service: Service, owner: str) -> set[str]:
        """Types that the rules of a template let through from a service, or all of its types."""
        found: set[str] = set()
        for pattern in self._patterns.get(service.name, ()):
            if any(_lets_through(it, f"{PRODUCT}.{owner}") for it in pattern.get("source", ())):
                types = pattern.get("detail-type")
                everything = (it.type for it in self.contracts.values() if it.owner == owner)
                found.update(everything if types is None else map(str, types))
        return found

    @cached_property
    def _patterns(self) -> dict[str, list[Mapping[str, Any]]]:
        found = {}
        for service in self.services:
            template = _parsed(self.files.texts.get(_TEMPLATES.format(service.name), ""))
            found[service.name] = [
                it["Properties"]["EventPattern"]
                for it in template.get("Resources", {}).values()
                if "EventPattern" in it.get("Properties", {})
            ]
        return found


def _expression(pattern: str) -> str:
    """A pattern of files as a regular expression; a star stays within a folder."""
    inside = ".*" if pattern.endswith("/") else ""
    return "[^/]*".join(map(re.escape, pattern.split("*"))) + inside


def _lets_through(source: object, name: str) -> bool:
    match source:
        case str():
            return source == name
        case {"prefix": str() as beginning}:
            return name.startswith(beginning)
    return True  # whatever else a pattern says may let it through


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
