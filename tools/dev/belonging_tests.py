"""Which tests belong to a file: those named after it, else those of its service or part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

_UNIT = PurePosixPath("tests/unit")
_SNAPSHOTS = "tests/infra/test_snapshots.py"
_DOCUMENTS = "tests/contract/test_configuration_schemas.py"


def belonging_tests(changed: Iterable[PurePosixPath], checkout: Path) -> list[str]:
    """Files and folders for pytest, each once, sorted; what does not exist is left out."""
    found = {test for path in changed for test in _tests_of(path, checkout)}
    there = {it for it in found if (checkout / it).exists()}
    return sorted(it for it in there if not any(it.startswith(f"{other}/") for other in there))


def _tests_of(path: PurePosixPath, checkout: Path) -> Iterator[str]:
    match path.parts:
        case ("tests", *_) if path.name.startswith("test_"):
            yield str(path)
        case ("lambdas", package, *_):
            yield from _named(path.stem, _UNIT / package, checkout)
        case ("tools", part, _, *_):
            yield from _named(path.stem, _UNIT / "tools" / part, checkout)
        case ("bundling", *_):
            yield from _named(path.stem, _UNIT / "bundling", checkout)
        case ("config", *_):
            yield _DOCUMENTS
        case ("contracts", *_):
            yield "tests/contract"
        case ("stacks", *_) | ("app.py",) | ("cdk.json",):
            yield _SNAPSHOTS


def _named(stem: str, folder: PurePosixPath, checkout: Path) -> list[str]:
    """A folder's tests that are named after a module, else all of them."""
    named = sorted((checkout / folder).rglob(f"test_*{stem}*.py"))
    return [it.relative_to(checkout).as_posix() for it in named] or [str(folder)]
