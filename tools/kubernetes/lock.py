"""Where definitions come from: the addresses of a lock file, or a folder that somebody gives."""

from __future__ import annotations

import hashlib
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.kubernetes.judge.definitions import Definitions, DefinitionsUnclear, documents

CHECKOUT = Path(__file__).resolve().parents[2]
LOCK = CHECKOUT / "k8s" / "definitions.toml"
CACHE = CHECKOUT / ".cache" / "kubernetes"
SECONDS = 30.0
_MOST_BYTES = 16 * 1024 * 1024


class DefinitionsMissing(Exception):
    """Definitions could not be had; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Locked:
    """One file of definitions.

    Attributes:
        kinds: those that are taken from it; all of them if this is empty.
    """

    name: str
    address: str
    version: str
    sha256: str
    kinds: tuple[str, ...] = ()


def locked(lock: Path = LOCK) -> list[Locked]:
    """What the lock file names, in its order.

    Raises:
        DefinitionsMissing: it cannot be read.
    """
    try:
        found = tomllib.loads(lock.read_text("utf-8"))["definition"]
        return [Locked(**{**it, "kinds": tuple(it.get("kinds", ()))}) for it in found]
    except (OSError, UnicodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise DefinitionsMissing(f"{lock}: {error!r}") from error


def from_folder(folder: Path, lock: Path = LOCK) -> Definitions:
    """What the files of a folder define; nothing is downloaded.

    A file that the lock names is taken as the lock says, though its text may be another. Of a kind
    that two files define, the first in the lock's order counts.

    Raises:
        DefinitionsMissing: there is no such folder, or no definition in it.
        DefinitionsUnclear: a file cannot be read.
    """
    if not folder.is_dir():
        raise DefinitionsMissing(f"CRDS: {folder} is no folder")
    known = {it.name: it for it in locked(lock)}
    order = list(known)
    files = [it for it in folder.iterdir() if it.suffix in (".yaml", ".yml")]
    files.sort(key=lambda it: (order.index(it.name) if it.name in known else len(order), it.name))
    definitions = Definitions()
    for file in files:
        kinds = known[file.name].kinds if file.name in known else ()
        if file.name in known and _digest(file) != known[file.name].sha256:
            _warn(f"{file.name} is not the file that {lock.name} names; it is taken as it is")
        _add(definitions, file, kinds)
    if not definitions.served:
        raise DefinitionsMissing(f"CRDS: no definition in {folder}")
    return definitions


def downloaded(lock: Path = LOCK, cache: Path = CACHE) -> Definitions:
    """What the lock file names, downloaded once and compared with its checksums.

    Raises:
        DefinitionsMissing: an address does not answer, or answers something else.
        DefinitionsUnclear: a file cannot be read.
    """
    definitions = Definitions()
    for each in locked(lock):
        file = cache / f"{each.sha256}.yaml"
        if not file.is_file() or _digest(file) != each.sha256:
            _download(each, file)
        _add(definitions, file, each.kinds)
    return definitions


def _add(definitions: Definitions, file: Path, kinds: Iterable[str]) -> None:
    for document in documents(file, CACHE / "read"):
        try:
            definitions.add(document, file.name, kinds)
        except DefinitionsUnclear as twice:
            if "is defined in" not in str(twice):
                raise
            _warn(f"{twice}; the first counts")


def _download(wanted: Locked, file: Path) -> None:
    if not wanted.address.startswith(("https://", "http://127.0.0.1:")):
        raise DefinitionsMissing(f"{wanted.name}: {wanted.address} is no https address")
    try:
        with urllib.request.urlopen(wanted.address, timeout=SECONDS) as answer:
            text = answer.read(_MOST_BYTES + 1)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise DefinitionsMissing(
            f"{wanted.name}: {wanted.address} does not answer ({error}); give a folder that has "
            "the files: CRDS=..."
        ) from error
    found = hashlib.sha256(text).hexdigest()
    if found != wanted.sha256:
        raise DefinitionsMissing(
            f"{wanted.name}: {wanted.address} has the checksum {found}, and the lock file has "
            f"{wanted.sha256}: nothing of it is used"
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    draft.write_bytes(text)
    draft.replace(file)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _warn(text: str) -> None:
    print(f"definitions: {text}", file=sys.stderr)
