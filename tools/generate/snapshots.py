"""The templates as the snapshots of tests/infra have them: read in a moment, without the CDK.

They are what a synthesis gave when they were accepted, with their keys sorted. A fingerprint of
what templates are made from says whether that was this code.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.base.workspace import CHECKOUT
from tools.generate.differences import (
    ABSENT,
    comparable,
    differences,
    scrubbed,
    without_digests,
)

FOLDER = Path("tests", "infra", "__snapshots__", "test_snapshots")
MADE_FROM = Path(".cache", "snapshots-made-from")
INPUTS = (
    *("app.py", "cdk.json", "requirements.txt", "package-lock.json"),
    *("stacks/**/*", "config/**/*.json", "contracts/*", "contracts/events/*", "lambdas/**/*.json"),
    *("bundling/**/*.py", "tools/base/**/*.py", "tests/infra/test_snapshots.py"),
    *("tools/generate/snapshots.py", "tools/generate/differences.py"),
)
"""What templates are made from; digests of the functions' code are not in the snapshots."""
DEV = "dev"
Templates = Mapping[str, Mapping[str, Any]]
"""By service."""


def of_dev(checkout: Path = CHECKOUT) -> dict[str, Any]:
    """Each service's template in dev."""
    return dict(_read(checkout, "test_template"))


def in_other_environments(checkout: Path = CHECKOUT) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """By service, what staging and prod have as well, as a template with these resources alone."""
    for environment, services in _read(checkout, "test_difference_to_dev"):
        for service, changes in services.items():
            added: dict[str, Any] = {}
            for path, values in changes.items():
                value = values[environment]
                if path == "Resources":
                    added |= value
                elif path.count(".") == 1 and path.startswith("Resources.") and "Type" in value:
                    added[path.partition(".")[2]] = value
            yield service, {"Resources": added}


def of(environment: str, checkout: Path = CHECKOUT) -> dict[str, Any]:
    """Each service's template in any environment: dev's, with what is otherwise there.

    Names in it are those of dev, ids that hold one have no digests, and tags are those of dev.
    """
    if environment == DEV:
        return of_dev(checkout)
    templates = json.loads(without_digests(json.dumps(of_dev(checkout)), DEV))
    found = {}
    for service, changes in dict(_read(checkout, "test_difference_to_dev"))[environment].items():
        found[service] = templates.get(service, {})
        for path, values in changes.items():
            _put(found[service], path, values[environment])
    return found


def write(
    found: Mapping[str, Templates],
    services: Collection[str] | None = None,
    checkout: Path = CHECKOUT,
) -> None:
    """Write the snapshots anew from the templates of each environment.

    ``services`` are the only ones whose templates are found: those of all others stay. One that is
    named, and of which no environment has a template, goes.
    """
    made = {
        environment: {service: scrubbed(it) for service, it in of_services.items()}
        for environment, of_services in found.items()
    }
    dev = made.pop(DEV)
    for file in (checkout / FOLDER).glob("test_template[[]*.json"):
        service = _name(file)
        if service not in dev and (services is None or service in services):
            file.unlink()
    for service, template in dev.items():
        _file(checkout, "test_template", service).write_text(_text(template), "utf-8")
    here = {service: comparable(it, DEV) for service, it in dev.items()}
    kept = dict(_read(checkout, "test_difference_to_dev"))
    for environment, others in made.items():
        there = {service: comparable(it, environment) for service, it in others.items()}
        stay = {
            service: it
            for service, it in kept.get(environment, {}).items()
            if services is not None and service not in services
        }
        changed = {
            service: differences(here.get(service, {}), it, environment)
            for service, it in there.items()
        }
        file = _file(checkout, "test_difference_to_dev", environment)
        file.write_text(_text(stay | changed), "utf-8")


def _text(snapshot: Mapping[str, Any]) -> str:
    """As syrupy writes it."""
    return json.dumps(snapshot, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _file(checkout: Path, test: str, name: str) -> Path:
    return checkout / FOLDER / f"{test}[{name}].json"


def _put(within: Any, path: str, value: Any) -> None:
    """Set or remove what a path such as ``Resources.Key.Properties.Tags[0]`` names; a name may
    hold dots.
    """
    if isinstance(within, list):
        number, _, rest = path.removeprefix("[").partition("]")
        name: Any = int(number)
    else:
        name, rest = _first(within, path)
    if rest:
        _put(within[name], rest.removeprefix("."), value)
    elif value == ABSENT:
        del within[name]
    else:
        within[name] = value


def _first(within: Mapping[str, Any], path: str) -> tuple[str, str]:
    """The name that a path begins with, and what follows it; a new name is all of the path."""
    for end in (it.start() for it in re.finditer(r"[.\[]", path)):
        if isinstance(within.get(path[:end]), dict | list):
            return path[:end], path[end:]
    return path, ""


def _read(checkout: Path, test: str) -> Iterator[tuple[str, Any]]:
    for file in sorted((checkout / FOLDER).glob(f"{test}[[]*.json")):
        yield _name(file), json.loads(file.read_text("utf-8"))


def _name(file: Path) -> str:
    """The service, or the environment, of a snapshot."""
    return file.name.partition("[")[2].removesuffix("].json")


def are_of_this_code(checkout: Path = CHECKOUT) -> bool:
    """Whether `make generate` has seen that they are what this code gives."""
    made_from = checkout / MADE_FROM
    return made_from.exists() and made_from.read_text() == fingerprint(checkout)


def remember(checkout: Path = CHECKOUT) -> None:
    """Write down what they were made from."""
    made_from = checkout / MADE_FROM
    made_from.parent.mkdir(exist_ok=True)
    made_from.write_text(fingerprint(checkout))


def fingerprint(checkout: Path) -> str:
    """A digest of every input and of the snapshots themselves."""
    digest = hashlib.sha256()
    patterns = (*INPUTS, f"{FOLDER.as_posix()}/*.json")
    files = {file for pattern in patterns for file in checkout.glob(pattern) if file.is_file()}
    for file in sorted(it for it in files if "__pycache__" not in it.parts):
        digest.update(f"\0{file.relative_to(checkout)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
