"""What belongs in a service's package: its own folder, `shared`, and the libraries it needs.

The libraries that `shared` needs are locked in `lambdas/shared/requirements.txt`, and most services
need no others. One that does has a requirements.in of its own, which begins with
`-r ../shared/requirements.in`, and its lock takes the place of the shared one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from bundling.errors import LockMissing, UnknownService

SHARED = "shared"
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
    folders = (path for path in sources.iterdir() if path.is_dir()) if sources.is_dir() else ()
    return sorted(path.name for path in folders if path.name != SHARED and _holds_python(path))


def read_packages(sources: Path, wanted: list[str]) -> list[Package]:
    """Read the packages of the wanted services, of all if none is named.

    Raises UnknownService, LockMissing.
    """
    known = services_in(sources)
    for name in wanted:
        if name not in known:
            raise UnknownService(name, known)
    shared = dict(_files(sources / SHARED))
    return [
        Package(
            service=name,
            files=shared | dict(_files(sources / name)),
            lock=_pinned_libraries(sources / name) or _pinned_libraries(sources / SHARED),
        )
        for name in known
        if name in (wanted or known)
    ]


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
