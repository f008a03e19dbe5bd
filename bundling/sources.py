"""What belongs in a service's package: its folder, `shared`, languages that it speaks, libraries.

A folder named `orders_language` holds what `orders` publishes for others to import: it goes into
the packages of those who import it. The service `console` has the web app in its folder `app`: what
is in `web/` is built for it.

The libraries that `shared` needs are locked in `lambdas/shared/requirements.txt`, and most services
need no others. One that does has a requirements.in of its own, which begins with
`-r ../shared/requirements.in`, and its lock takes the place of the shared one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from bundling.errors import LockMissing, UnknownService
from bundling.web import app_files

SHARED = "shared"
CONSOLE = "console"
LANGUAGE = "_language"
NOT_PACKAGED = {"requirements.in", "requirements.txt", "README.md", "py.typed"}


@dataclass(frozen=True)
class Package:
    """A service's sources as they were read, so that digest and zip are made of the same bytes."""

    service: str
    files: dict[str, bytes]  # path inside the zip -> content
    lock: str  # the pinned libraries with their hashes, without comments; "" if there are none

    @cached_property
    def digest(self) -> str:
        """Changes whenever a byte of the sources or of the lock does."""
        hashed = sha256(self.lock.encode())
        for name, content in sorted(self.files.items()):
            hashed.update(f"\0{name}\0{len(content)}\0".encode())
            hashed.update(content)
        return hashed.hexdigest()


def services_in(sources: Path) -> list[str]:
    """The names of the services, sorted. A folder that holds no Python file is none."""
    return sorted(
        name for name in _packages_in(sources) if name != SHARED and not name.endswith(LANGUAGE)
    )


def languages_in(sources: Path) -> list[str]:
    """The names of the published languages, sorted."""
    return sorted(name for name in _packages_in(sources) if name.endswith(LANGUAGE))


def read_packages(sources: Path, wanted: list[str]) -> list[Package]:
    """Read the packages of the wanted services, of all if none is named.

    Raises UnknownService, LockMissing, and what `app_files` raises.
    """
    known = services_in(sources)
    for name in wanted:
        if name not in known:
            raise UnknownService(name, known)
    shared = dict(_files(sources / SHARED))
    languages = {name: dict(_files(sources / name)) for name in languages_in(sources)}
    return [
        Package(
            service=name,
            files=_with_languages(shared | _own_files(sources, name), languages),
            lock=_pinned_libraries(sources / name) or _pinned_libraries(sources / SHARED),
        )
        for name in known
        if name in (wanted or known)
    ]


def _own_files(sources: Path, name: str) -> dict[str, bytes]:
    files = dict(_files(sources / name))
    if name == CONSOLE:
        app = app_files(sources.parent / "web")
        files |= {f"{CONSOLE}/app/{file}": content for file, content in app.items()}
    return files


def _with_languages(
    files: dict[str, bytes], languages: Mapping[str, dict[str, bytes]]
) -> dict[str, bytes]:
    """The files, and those of every language that one of them imports."""
    missing = [name for name in languages if f"{name}/__init__.py" not in files]
    for name in missing:
        imports = re.compile(rf"^\s*(from|import) {name}\b".encode(), re.MULTILINE)
        if any(imports.search(content) for path, content in files.items() if path.endswith(".py")):
            return _with_languages(files | languages[name], languages)
    return files


def _packages_in(sources: Path) -> list[str]:
    folders = (path for path in sources.iterdir() if path.is_dir()) if sources.is_dir() else ()
    return [path.name for path in folders if _holds_python(path)]


def _holds_python(folder: Path) -> bool:
    return any(name.endswith(".py") for name, _ in _files(folder))


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        inside = path.relative_to(folder.parent)
        if path.is_file() and not _is_left_out(inside):
            yield inside.as_posix(), path.read_bytes()


def _is_left_out(inside: Path) -> bool:
    return (
        inside.name in NOT_PACKAGED
        or inside.suffix in {".pyc", ".pyi"}
        or any(part == "__pycache__" or part.startswith(".") for part in inside.parts)
    )


def _pinned_libraries(folder: Path) -> str:
    lock = folder / "requirements.txt"
    if not lock.exists():
        if (folder / "requirements.in").exists():
            raise LockMissing(folder.name)
        return ""
    lines = (line.split(" #")[0].rstrip() for line in lock.read_text("utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("#")) + "\n"
