"""The answer as a whole: the services and the tests that the difference since a base touches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from stacks.services import Service, declaration_in, declared
from tools.affected import services
from tools.affected.changes import Changes, since
from tools.affected.files import read
from tools.affected.imports import Imports
from tools.affected.knowledge import Knowledge
from tools.affected.tests import Suite


@dataclass(frozen=True)
class Selection:
    """What a difference touches: services and files of tests, each with the reason."""

    changes: Changes
    services: dict[str, str]
    tests: dict[str, str]


def select(base: str | None, checkout: Path) -> Selection:
    """What the difference between the checkout and where it left ``base`` touches.

    Raises:
        NoDifference: git cannot tell.
        NotDeclared: a declaration of a service cannot be read.
    """
    return of_changes(since(base, checkout), checkout)


def of_changes(changes: Changes, checkout: Path) -> Selection:
    """What these changes touch, which are in the checkout."""
    files = read(checkout, changes.deleted)
    known = Knowledge(
        files, Imports(files), _all_services(declared(checkout / "stacks"), changes.deleted)
    )
    touched = services.affected(changes.paths, known)
    return Selection(changes, touched, Suite(known).affected(changes.paths, touched))


def _all_services(there: tuple[Service, ...], deleted: dict[str, str]) -> tuple[Service, ...]:
    gone = (
        declaration_in(Path(path), text)
        for path, text in deleted.items()
        if path.startswith("stacks/") and path.count("/") == 1
    )
    return services.with_those_that_are_gone(there, tuple(replace(it) for it in gone if it))
