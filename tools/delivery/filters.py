"""Which paths start a service's pipeline: few patterns that miss no file that affects it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from stacks.services import Service, declared
from tools.affected import services
from tools.affected.files import Files, read
from tools.affected.imports import Imports
from tools.affected.knowledge import Knowledge
from tools.base.workspace import CHECKOUT

MOST = 8
LONGEST = 255
"""Patterns that a trigger of CodePipeline may have, and characters of each."""


@cache
def filters(checkout: Path = CHECKOUT) -> dict[str, list[str]]:
    """The patterns by service, such as ``lambdas/{orders,shared}/**``."""
    files = read(checkout, {})
    known = Knowledge(files, Imports(files), declared(checkout / "stacks"))
    affecting = affecting_files(files, known)
    return {it.name: patterns(affecting[it.name], files.texts) for it in delivered()}


def delivered() -> list[Service]:
    """The services that have a pipeline: those of every environment are made by hand, once."""
    return [it for it in declared() if not it.of_every_environment]


def affecting_files(files: Files, known: Knowledge) -> dict[str, set[str]]:
    """By service the files of which a change of one would affect it."""
    found: dict[str, set[str]] = {it.name: set() for it in known.services}
    for path in files.texts:
        for name in services.affected(frozenset({path}), known):
            found[name].add(path)
    return found


def patterns(wanted: Iterable[str], everything: Iterable[str]) -> list[str]:
    """At most ``MOST`` patterns that fit every wanted path and as few others as can be.

    A folder whose files are all wanted is one pattern; so are the names beside each other. If that
    is not short enough, the folder is taken whole that adds the fewest files for each pattern that
    it saves.
    """
    wanted = set(wanted)
    counts, inside = _files_in(everything), _files_in(wanted)
    chosen = wanted
    for folder in sorted(inside, key=len):
        within_another = any(f"{it}/**" in chosen for it in _folders_of(folder))
        if inside[folder] == counts[folder] and not within_another:
            chosen = _joined(chosen, folder)
    while True:
        found = _written(chosen)
        excess = _excess(found)
        if not excess:
            return found
        shorter = {
            folder: joined
            for folder in _files_in(chosen)
            if _excess(_written(joined := _joined(chosen, folder))) < excess
        }
        chosen = shorter[
            min(
                shorter,
                key=lambda it: (
                    (counts[it] - inside[it]) / (excess - _excess(_written(shorter[it]))),
                    -len(it),
                    it,
                ),
            )
        ]


def fits(path: str, pattern: str) -> bool:
    """Whether a pattern lets a path start the pipeline, as CodePipeline reads globs."""
    signs = {"**": ".*", "*": "[^/]*", "{": "(?:", "}": ")", ",": "|"}
    parts = re.split(r"(\*\*|[*{},])", pattern)
    return bool(re.fullmatch("".join(signs.get(it, re.escape(it)) for it in parts), path))


def _excess(found: list[str]) -> int:
    """How far they are from what a trigger may have: too many, or of more characters."""
    return max(0, len(found) - MOST) + sum(len(it) > LONGEST for it in found)


def _written(chosen: set[str]) -> list[str]:
    """One pattern for all files of a folder, and one for all folders of it."""
    beside: dict[tuple[str, str], list[str]] = {}
    for it in sorted(chosen):
        whole = "/**" if it.endswith("/**") else ""
        parent, slash, name = it.removesuffix(whole).rpartition("/")
        beside.setdefault((parent + slash, whole), []).append(name)
    return sorted(
        parent + (f"{{{','.join(names)}}}" if len(names) > 1 else names[0]) + whole
        for (parent, whole), names in beside.items()
    )


def _files_in(paths: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for path in paths:
        for folder in _folders_of(path):
            found[folder] = found.get(folder, 0) + 1
    return found


def _folders_of(path: str) -> Iterator[str]:
    """Every folder above a path but the root, which would be everything."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _joined(chosen: set[str], folder: str) -> set[str]:
    return {it for it in chosen if not it.startswith(f"{folder}/")} | {f"{folder}/**"}
