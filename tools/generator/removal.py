"""Takes a service away: its files, unless somebody still uses what it has."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stacks.services import OWN, Service, declared
from tools.generator.errors import GeneratorError, NameRefused, StillRead

ALSO = "tests/unit/{package}_language/"
CONTRACTS = ("contracts/events", "contracts/released")
OF_EXAMPLES = Path("tests", "unit", "tools", "generator")
"""These tests name services that are made up."""
LOOKED_AT = ("lambdas", "stacks", "tools", "tests", "bundling")


@dataclass(frozen=True, slots=True)
class Removal:
    """What goes. ``unsaved`` are files that git does not have as they are."""

    service: Service
    paths: tuple[Path, ...]
    unsaved: tuple[str, ...]


def plan(name: str, checkout: Path) -> Removal:
    """What goes with a service.

    Raises:
        GeneratorError: there is no such service.
        StillRead: others use it; with who does, and where.
    """
    services = declared(checkout / "stacks")
    service = next((it for it in services if it.name == name), None)
    if service is None:
        raise GeneratorError(
            f"there is no service {name}: there are {', '.join(it.name for it in services)}"
        )
    paths = tuple(sorted(_own(service, services, checkout)))
    readers = tuple(_readers(service, paths, checkout))
    if readers:
        raise StillRead(f"{name} is used by others: change these first", readers)
    return Removal(service, paths, tuple(_unsaved(paths, checkout)))


def check_name_is_free(name: str, checkout: Path) -> None:
    """Before a service of that name is made: nothing must count as its own yet.

    Raises:
        NameRefused: a later removal would take files along that are others', or be refused.
    """
    services = declared(checkout / "stacks")
    service = Service(name=name, owner="", purpose="")
    own = sorted(it for it in set(_own(service, services, checkout)) if not _is_left_over(it))
    if own:
        raise NameRefused(
            f"{name}: by its name, these would be the service's own; move them, or choose another",
            tuple(str(it.relative_to(checkout)) for it in own),
        )
    if readers := tuple(_readers(service, (), checkout)):
        raise NameRefused(
            f"{name}: the code uses this word for something else; choose another name", readers
        )


def _is_left_over(path: Path) -> bool:
    """A folder in which there is byte code alone: git leaves it when it takes the modules away."""
    return path.is_dir() and not any(
        it.is_file() and it.parent.name != "__pycache__" for it in path.rglob("*")
    )


def carry_out(removal: Removal) -> None:
    """Delete files and folders. The declaration goes last: until then the same command goes on."""
    declaration = f"{removal.service.package}.py"
    for path in sorted(
        removal.paths, key=lambda it: (it.parent.name, it.name) == ("stacks", declaration)
    ):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def files_of(removal: Removal) -> list[Path]:
    """Every file that goes, without what Python and tools have left beside them."""
    found = [
        file
        for path in removal.paths
        for file in (path.rglob("*") if path.is_dir() else [path])
        if file.is_file() and "__pycache__" not in file.parts
    ]
    return sorted(found)


def _own(service: Service, services: tuple[Service, ...], checkout: Path) -> Iterator[Path]:
    names = {"name": service.name, "package": service.package}
    longer = [it.package for it in services if it.package.startswith(f"{service.package}_")]
    for pattern in (*OWN, ALSO):
        for file in checkout.glob(pattern.format(**names)):
            stem = file.stem.removeprefix("test_")
            if not any(stem == it or stem.startswith(f"{it}_") for it in longer):
                yield file
    for _, file in _messages(service, checkout):
        yield file


def _messages(service: Service, checkout: Path) -> Iterator[tuple[str, Path]]:
    """The types of message that it owns, with their schemas."""
    for folder in CONTRACTS:
        for file in (checkout / folder).glob("*.json"):
            schema = json.loads(file.read_text("utf-8"))
            if schema.get("x-owner") == service.name:
                yield str(schema["title"]), file


def _readers(service: Service, own: tuple[Path, ...], checkout: Path) -> Iterator[str]:
    """Who imports its packages, finds what it publishes, or names a message that it owns.

    One line for each file: the first place, and everything that the file uses.
    """
    messages = {name for name, _ in _messages(service, checkout)}
    packages = {service.package, f"{service.package}_language"}
    words = {service.name, service.package, *messages}
    for folder in LOOKED_AT:
        for file in sorted((checkout / folder).rglob("*.py")):
            if any(file == it or it in file.parents for it in own):
                continue
            place = file.relative_to(checkout)
            if place.is_relative_to(OF_EXAMPLES):
                continue
            text = file.read_text("utf-8")
            if not any(word in text for word in words):
                continue  # hardly a file has one, and to parse a file takes far longer
            tree = ast.parse(text)
            uses = sorted(
                [
                    *_imports(tree, packages),
                    *_names(tree, messages),
                    *(_asks(tree, service.name) if folder == "tests" else ()),
                    *(_names(tree, {service.name}) if folder != "tests" else ()),
                ]
            )
            if uses:
                yield f"{place}:{uses[0][0]}: {', '.join(dict.fromkeys(it for _, it in uses))}"


def _imports(tree: ast.AST, packages: set[str]) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        modules += [it.name for it in node.names] if isinstance(node, ast.Import) else []
        for module in modules:
            if _is_of(module, packages):
                yield node.lineno, f"imports {module}"  # type: ignore[attr-defined]


def _names(tree: ast.AST, names: set[str]) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in names:
            yield node.lineno, f"names {node.value}"


def _asks(tree: ast.AST, name: str) -> Iterator[tuple[int, str]]:
    """Where a test looks for something that is deployed: it may name services that are made up."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="named" | "url"), args=[ast.Constant(value=first), *_]
            ) if first == name:
                yield node.lineno, f"looks for {name}"


def _is_of(module: str, packages: set[str]) -> bool:
    first, _, rest = module.partition(".")
    second = rest.partition(".")[0]
    return first in packages or (first == "stacks" and second in packages)


def _unsaved(paths: tuple[Path, ...], checkout: Path) -> Iterator[str]:
    """Files that differ from what git has, or that it does not have."""
    command = ["git", "status", "--porcelain", "--untracked-files=all", "-z", "--"]
    try:
        done = subprocess.run(
            [*command, *map(str, paths)],
            cwd=checkout,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        done = None
    if done is None or done.returncode:  # no git, or no repository: nothing can be brought back
        yield from (str(it.relative_to(checkout)) for it in paths)
        return
    for entry in filter(None, done.stdout.split("\0")):
        yield entry[3:]
