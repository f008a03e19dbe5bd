"""Writes import-linter's contracts from the folders: what is new is held at once, by its place.

Nothing here names a service. A folder of ``lambdas/`` or ``containers/`` is a service, unless it is
the kit or a published language. A module of ``stacks/`` that declares a service is that service's
stack.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from configparser import ConfigParser
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

from bundling.sources import SHARED, languages_in, services_in
from stacks.services import declared

KIT = (
    f"{SHARED}.read_models | {SHARED}.event_sourcing",
    f"{SHARED}.messaging",
    f"{SHARED}.runtime",
)
"""The platform kit's layers, from above to below."""
ROOMS = (
    "(handlers)",
    "(environment) | (configuration)",
    "(adapters)",
    "(commands) | (queries)",
    "(ports)",
    "(domain)",
)
"""A service's layers, from above to below. It needs none of them, and has no other."""
TOOLS = (
    "simulation",
    "generate | delivery | recovery",
    "affected | docgen | generator | measure | checks | smoke | teardown | doctor | rename"
    " | kubernetes",
    "dev | quote",
    "local",
    "release | operations | configuration",
    "emulator",
    "containers",
    "base | toolchain",
)
GROUND = ("constructs", "stage", "partitions", "concurrency | services")
"""What stacks are made of, from above to below; a single stack's parts lie between both."""
OF_NO_FUNCTION = ("tools", "stacks", "bundling", "contracts")


@dataclass(frozen=True)
class Contract:
    """One of import-linter's contracts; ``options`` is what its type asks for."""

    id: str
    name: str
    type: str
    options: dict[str, str | Iterable[str]]


def root_packages(checkout: Path) -> list[str]:
    """Every package that is looked at."""
    return [*_deployed_code(checkout), *OF_NO_FUNCTION]


def contracts(checkout: Path) -> list[Contract]:
    """What is held in this checkout."""
    services = _services(checkout)
    languages = languages_in(checkout / "lambdas")
    return [
        Contract("services", "One service never imports another", "independence",
                 {"modules": services}),
        Contract("kit", "The kit knows no service and no language", "forbidden",
                 {"source_modules": [SHARED], "forbidden_modules": [*services, *languages]}),
        Contract("kit-layers", "Layers of the kit", "layers", {"layers": KIT}),
        Contract("languages", "A published language knows no service", "forbidden",
                 {"source_modules": languages, "forbidden_modules": services}),
        Contract("rooms", "Layers of each service", "layers",
                 {"layers": ROOMS, "containers": services, "exhaustive": "true"}),
        Contract("domains", "A domain imports the standard library alone", "forbidden",
                 {"source_modules": _domains(checkout), "forbidden_modules": _foreign(checkout),
                  "allow_indirect_imports": "true"}),
        Contract("functions", "No function knows what deploys or operates it", "forbidden",
                 {"source_modules": _deployed_code(checkout), "forbidden_modules": OF_NO_FUNCTION}),
        Contract("infrastructure", "Stacks and packages know no function's code", "forbidden",
                 {"source_modules": ["stacks", "bundling", "contracts"],
                  "forbidden_modules": _deployed_code(checkout)}),
        Contract("folders", "Layers of the folders", "layers",
                 {"layers": ["tools", "stacks", "bundling | contracts"]}),
        Contract("stacks", "Layers of the stacks", "layers",
                 {"layers": _layers_of_stacks(checkout), "containers": ["stacks"],
                  "exhaustive": "true"}),
        *_contracts_of_parts(checkout),
        Contract("tools", "Layers of the tools", "layers",
                 {"layers": TOOLS, "containers": ["tools"], "exhaustive": "true"}),
        Contract("circles", "No circle anywhere", "acyclic_siblings",
                 {"ancestors": root_packages(checkout)}),
    ]  # fmt: skip


def write(checkout: Path, file: Path) -> None:
    """Write them down as import-linter reads them."""
    document = ConfigParser(interpolation=None)
    document["importlinter"] = {
        "root_packages": _lines(root_packages(checkout)),
        "include_external_packages": "true",
    }
    for contract in contracts(checkout):
        document[f"importlinter:contract:{contract.id}"] = {
            "name": contract.name,
            "type": contract.type,
            **{name: _lines(value) for name, value in contract.options.items()},
        }
    with file.open("w", encoding="utf-8") as stream:
        document.write(stream)


def _lines(value: str | Iterable[str]) -> str:
    return value if isinstance(value, str) else "\n".join(["", *value])


def _deployed_code(checkout: Path) -> list[str]:
    return [SHARED, *languages_in(checkout / "lambdas"), *_services(checkout)]


def _folders(checkout: Path) -> list[Path]:
    folders = (checkout / "lambdas", checkout / "containers")
    return [it for it in folders if it.is_dir()]


def _services(checkout: Path) -> list[str]:
    return [service for folder in _folders(checkout) for service in services_in(folder)]


def _domains(checkout: Path) -> list[str]:
    return [
        f"{service}.domain"
        for folder in _folders(checkout)
        for service in services_in(folder)
        if (folder / service / "domain").is_dir()
    ]


def _foreign(checkout: Path) -> list[str]:
    """All that is installed, and the kit: neither the standard library nor a service's own."""
    return sorted({*packages_distributions(), SHARED, *languages_in(checkout / "lambdas")})


def _layers_of_stacks(checkout: Path) -> Iterator[str]:
    yield "system"
    yield " | ".join(it.package for it in declared(checkout / "stacks"))
    if parts := [part for parts in _parts(checkout).values() for part in parts]:
        yield " : ".join(parts)
    yield from GROUND


def _parts(checkout: Path) -> dict[str, list[str]]:
    """The modules besides its stack that are a service's own, by the stack's module."""
    services = declared(checkout / "stacks")
    packages = {it.package for it in services}
    found: dict[str, list[str]] = {}
    for file in sorted((checkout / "stacks").glob("*.py")):
        if file.stem not in packages:
            for service in services:
                its_own = f"stacks/{file.name}" in service.also_owns
                if its_own or file.stem.startswith(f"{service.package}_"):
                    found.setdefault(service.package, []).append(file.stem)
    return found


def _contracts_of_parts(checkout: Path) -> Iterator[Contract]:
    for stack, parts in _parts(checkout).items():
        modules = [f"stacks.{it}" for it in parts]
        yield Contract(
            f"parts-of-{stack}",
            f"What is a part of stacks.{stack} is nobody else's",
            "protected",
            {
                "protected_modules": modules,
                "allowed_importers": [f"stacks.{stack}", *modules, "tools"],
            },
        )
