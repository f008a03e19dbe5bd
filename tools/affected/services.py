"""Which services a changed file affects, and why: those to build, test and deploy again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from bundling.sources import CONSOLE, LANGUAGE, SHARED
from stacks.services import Service
from tools.affected.knowledge import Knowledge

_OF_EVERY_STACK = {"app.py", "cdk.json", "stacks/system.py", "stacks/services.py"}
_INSTALLED = {"requirements.txt", "package.json", "package-lock.json"}
_API = re.compile(r"contracts/(?:apis|openapi|released/openapi)/([\w-]+)\.\w+")


def affected(paths: frozenset[str], known: Knowledge) -> dict[str, str]:
    """Each service with the first reason, by name. Who owns a file comes before who knows it."""
    found: dict[str, str] = {}
    for path in sorted(paths):
        if owner := known.owner.get(path):
            found.setdefault(owner, f"{path} is its own")
    for path in sorted(paths):
        for name, reason in (*_reasons(path, known), *_in_images(path, known)):
            found.setdefault(name, reason)
    gone = _gone(paths, known)
    for name, reason in _who_knew(gone, known):
        found.setdefault(name, reason)
    return dict(sorted((name, why) for name, why in found.items() if name not in gone))


def _gone(paths: frozenset[str], known: Knowledge) -> set[str]:
    return {
        it.name for it in known.services if f"stacks/{it.package}.py" in known.files.deleted & paths
    }


def _who_knew(gone: set[str], known: Knowledge) -> Iterator[tuple[str, str]]:
    for name in sorted(gone):
        for service in known.services:
            if known.names(service, name):
                yield service.name, f"it knows {name}, which is deleted"


def _reasons(path: str, known: Knowledge) -> Iterator[tuple[str, str]]:
    top, _, below = path.partition("/")
    if path in _OF_EVERY_STACK:
        yield from _all(known, f"{path} builds every stack")
    elif path in _INSTALLED:
        yield from _all(known, f"{path} says what is installed")
    elif path.startswith(f"lambdas/{SHARED}/"):
        yield from _all(known, f"{path} is in every package")
    elif top == "lambdas":
        yield from _speakers(path, below.partition("/")[0], known)
    elif top == "bundling":
        yield from _all(known, f"{path} makes every package")
    elif top == "web":
        yield CONSOLE, f"{path} is in its web app"
    elif contract := known.contracts.get(path):
        for service in known.services:
            if service.name == contract.owner:
                yield service.name, f"it owns {contract.type}"
            elif known.knows(service, contract):
                yield service.name, f"it knows {contract.type}"
    elif api := _API.fullmatch(path):
        yield from _of_api(api[1], known)
    elif path.endswith(".schema.json") and top == "contracts" and below.count("/") == 1:
        yield from _all(known, f"{path} is the form of every message")
    elif top in ("stacks", "contracts"):
        for name, modules in known.synthesized.items():
            if path in modules:
                yield name, f"its stack needs {path}"


def _all(known: Knowledge, reason: str) -> Iterator[tuple[str, str]]:
    for service in known.services:
        yield service.name, reason


def _speakers(path: str, package: str, known: Knowledge) -> Iterator[tuple[str, str]]:
    """Whose package takes along a language that another service publishes."""
    if package.endswith(LANGUAGE):
        for name, modules in known.packaged.items():
            if any(it.startswith(f"lambdas/{package}/") for it in modules):
                yield name, f"it speaks {package}, of which {path} is a part"


def _in_images(path: str, known: Knowledge) -> Iterator[tuple[str, str]]:
    for image, copied in known.images.items():
        own = f"containers/{image}"
        if any(path == it or path.startswith(f"{it}/") for it in (*copied, own)):
            for name in known.who_runs(image):
                yield name, f"{path} is in the image of {image}"


def _of_api(name: str, known: Knowledge) -> Iterator[tuple[str, str]]:
    if name not in known.own:  # what the APIs share
        for service in known.services:
            if f"contracts/apis/{service.name}.yaml" in known.files.texts:
                yield service.name, f"its API shares contracts/apis/{name}.yaml"
        return
    yield name, f"it serves the API {name}"
    document = known.files.texts.get(f"contracts/openapi/{name}.json", "")
    try:
        paths = json.loads(document).get("paths", {})
    except ValueError:
        paths = {}
    routes = {"/".join(it.split("/")[:3]) for it in paths}
    for service in known.services:
        texts = (known.files.texts[it] for it in known.own[service.name])
        if service.name != name and any(route in text for text in texts for route in routes):
            yield service.name, f"it calls the API {name}"


def with_those_that_are_gone(
    there: tuple[Service, ...], gone: tuple[Service, ...]
) -> tuple[Service, ...]:
    """Every service by name; one that is there counts as it is now."""
    return tuple({it.name: it for it in (*gone, *there)}.values())
