"""The contract of gRPC services: code that is generated from it, lint, and what breaks callers.

``contracts/proto`` holds it, ``contracts/released/proto`` as it was released. Generated code is not
committed: it is made when something needs it, in a folder that is named after the proto's content,
so that it is never stale.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path

from tools.base.workspace import CHECKOUT
from tools.containers.environment import BUF, HOW, PYTHON, ContainerToolsError, is_there, run

PROTO = CHECKOUT / "contracts" / "proto"
RELEASED = CHECKOUT / "contracts" / "released" / "proto"
BUILT = CHECKOUT / ".build" / "proto"
DESCRIPTOR = "descriptor.binpb"
"""All messages and services with what they import: what Envoy's transcoder reads."""


def generated() -> Path:
    """The folder with the generated Python modules and the descriptor; made unless it is there.

    Raises:
        ContainerToolsError: the proto is not valid, or the tools are not there.
    """
    # With this file, which says how: another way of making it makes something else.
    folder = BUILT / f"{_digest(PROTO)}-{sha256(Path(__file__).read_bytes()).hexdigest()[:8]}"
    if not folder.is_dir():
        BUILT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=BUILT) as draft:
            made = Path(draft) / "made"
            made.mkdir()
            compile_proto(PROTO, made)
            try:
                made.rename(folder)
            except OSError:
                if not folder.is_dir():  # somebody else was faster: it is the same
                    raise
    return folder


def compile_proto(source: Path, into: Path) -> None:
    """Write modules and descriptor.

    Raises:
        ContainerToolsError: the proto is not valid, with protoc's own words.
    """
    modules = (f"--python_out={into}", f"--pyi_out={into}", f"--grpc_python_out={into}")
    _protoc(source, *modules)
    # With the details of refusals, which the transcoder writes as JSON.
    _describe(source, into / DESCRIPTOR, "google/rpc/error_details.proto")


def _describe(source: Path, file: Path, *more: str) -> None:
    _protoc(source, "--include_imports", f"--descriptor_set_out={file}", *more)


def _protoc(source: Path, *options: str) -> None:
    files = [str(it.relative_to(source)) for it in sorted(source.rglob("*.proto"))]
    where = (f"-I{source}", f"-I{_google()}")
    run((PYTHON, "-m", "grpc_tools.protoc", *where, *options, *files))


def lint(source: Path = PROTO) -> list[str]:
    """What is wrong with its style, one line each."""
    with _image(source) as image:
        return _said("lint", str(image), "--config", str(PROTO / "buf.yaml"))


def breaking_changes(source: Path = PROTO, released: Path = RELEASED) -> list[str]:
    """What callers of the released proto would lose, one line each."""
    with _image(source) as image, _image(released) as before:
        config = str(PROTO / "buf.yaml")
        return _said("breaking", str(image), "--against", str(before), "--config", config)


def release() -> list[str]:
    """Keep today's proto as the released one; if callers would break, only say which breaks.

    What has not changed needs no tools. Raises ContainerToolsError.
    """
    if is_released():
        return []
    if RELEASED.is_dir() and (changes := breaking_changes()):
        return changes
    shutil.rmtree(RELEASED, ignore_errors=True)
    for file in PROTO.rglob("*.proto"):
        kept = RELEASED / file.relative_to(PROTO)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(file.read_bytes())
    return []


def is_released() -> bool:
    """Whether what is released is what is there now."""
    return _digest(RELEASED) == _digest(PROTO)


def is_fresh() -> bool:
    """Whether the released proto is today's, and that one is well written where buf can judge it.

    Raises:
        LookupError: no command mends it: callers would break, its style is wrong, or it was changed
            where there are no tools to judge the change.
    """
    if not is_there():
        if is_released():
            return True
        raise LookupError(f"contracts/proto is not as released, and buf is not here: {HOW}")
    try:
        found = lint() or ([] if is_released() else breaking_changes())
    except ContainerToolsError as refused:
        found = [str(refused), *refused.evidence]
    if found:
        raise LookupError("; ".join(found))
    return is_released()


@contextmanager
def _image(source: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / DESCRIPTOR
        _describe(source, image, "--include_source_info")
        yield image


def _said(*command: str) -> list[str]:
    try:
        run((BUF, *command, "--error-format", "text"))
    except ContainerToolsError as refused:
        return [it for it in refused.evidence if not it.startswith("google/")]  # not ours
    return []


@cache
def _google() -> Path:
    """Where the options for REST are declared: a package of the environment brings them."""
    found = run((PYTHON, "-c", "import google.api, sys; sys.stdout.write(google.api.__path__[0])"))
    return Path(found).parents[1]


def _digest(folder: Path) -> str:
    digest = sha256()
    for file in sorted(folder.rglob("*.proto")):
        digest.update(f"{file.relative_to(folder)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
