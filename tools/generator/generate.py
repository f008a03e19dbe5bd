"""Makes a service's files from a template: all of them, or none."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import copier

from bundling.sources import SHARED, languages_in, services_in
from contracts.product import PRODUCT
from stacks.services import declared
from tools.generator.errors import GeneratorError, InTheWay
from tools.generator.names import Names

TEMPLATES = Path(__file__).parent / "templates"
BYTE_CODE = "__pycache__"
OURS = ("bundling", "contracts", "stacks", "tests", "tools")
"""The checkout's packages beside those of ``lambdas/``."""


def kinds() -> list[str]:
    """What can be made."""
    return sorted(file.parent.name for file in TEMPLATES.glob("*/copier.yml"))


def taken(checkout: Path) -> frozenset[str]:
    """Names of packages, services and views that there are, and of modules in ``stacks/``."""
    return frozenset(
        [
            *_packages(checkout),
            *(file.stem for file in (checkout / "stacks").iterdir()),
            *(
                name
                for it in declared(checkout / "stacks")
                for name in (it.name, *it.views, *it.consumers)
            ),
        ]
    )


def render(names: Names, kind: str, owner: str, checkout: Path) -> dict[Path, str]:
    """The service's files by their place in the checkout, formatted as everything there is.

    Raises:
        GeneratorError: there is no such kind.
    """
    if kind not in kinds():
        raise GeneratorError(f"there is no kind {kind!r}: there are {', '.join(kinds())}")
    with tempfile.TemporaryDirectory(prefix=f"{PRODUCT}-service-") as folder:
        copier.run_copy(
            str(TEMPLATES / kind),
            folder,
            data={**names.forms(), "owner": owner, "product": PRODUCT},
            defaults=True,
            quiet=True,
        )
        made = Path(folder)
        _format(made, names, checkout)
        return {
            file.relative_to(made): file.read_text("utf-8")
            for file in sorted(made.rglob("*"))
            if file.is_file()
        }


def check_nothing_is_in_the_way(files: Mapping[Path, str], checkout: Path) -> None:
    """Raises InTheWay: some of the files are there already."""
    there = {str(path) for path in files if (checkout / path).exists()}
    folders = {folder for path in files for folder in path.parents}
    there |= {
        str(it) for it in folders if (checkout / it).exists() and not (checkout / it).is_dir()
    }
    if there:
        raise InTheWay(
            "these are there already; move them away, or choose another name",
            tuple(sorted(there)),
        )


def write(files: Mapping[Path, str], checkout: Path) -> None:
    """Write them all. After an error or an interruption none of them is left.

    The declaration comes first: whatever is left after a crash, `make service-remove` takes away.
    """
    written: list[Path] = []
    try:
        for path, content in sorted(files.items(), key=lambda it: it[0].parts[0] != "stacks"):
            file = checkout / path
            file.parent.mkdir(parents=True, exist_ok=True)
            written.append(file)
            with file.open("x", encoding="utf-8") as stream:  # never over somebody else's
                stream.write(content)
    except (FileExistsError, NotADirectoryError) as error:
        take_back([it for it in written if it != Path(error.filename)], checkout)
        raise InTheWay(f"{error.filename} has come up meanwhile") from error
    except BaseException:
        take_back(written, checkout)
        raise


def take_back(written: Iterable[Path], checkout: Path) -> None:
    """Remove files, and the folders in which nothing of anybody's is then."""
    folders = set()
    for path in written:
        path.unlink(missing_ok=True)
        folders |= {it for it in path.parents if it.is_relative_to(checkout) and it != checkout}
    for folder in sorted(folders, key=lambda it: len(it.parts), reverse=True):
        if folder.is_dir() and {it.name for it in folder.iterdir()} <= {BYTE_CODE}:
            shutil.rmtree(folder)  # whoever imported the files has left byte code of them


@contextmanager
def alone(checkout: Path) -> Iterator[None]:
    """While one generates or removes, a second one is refused. Raises GeneratorError."""
    with (checkout / "tools" / "generator" / "__init__.py").open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise GeneratorError(
                "another service is being made or removed here; wait until that is done"
            ) from error
        yield


def _packages(checkout: Path) -> list[str]:
    lambdas = checkout / "lambdas"
    return [SHARED, *OURS, *services_in(lambdas), *languages_in(lambdas)]


def _format(made: Path, names: Names, checkout: Path) -> None:
    """Sort imports and break lines, which depend on how long the names are."""
    ours = [*_packages(checkout), names.package, f"{names.package}_language"]
    config = ("--config", str(checkout / "pyproject.toml"))
    first_party = ("--config", f"lint.isort.known-first-party = {ours!r}")
    for command in (
        ("check", "--select", "I", "--fix", *config, *first_party),
        ("format", *config),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--quiet", "--no-cache", str(made)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise GeneratorError(
                "the template does not give valid Python", (done.stdout + done.stderr,)
            )
