"""Tries a package's handlers before any function gets them (`trial.py` is the other side)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from bundling.libraries import library_files
from bundling.sources import Package
from bundling.targets import target_named
from bundling.workspace import Workspace
from tools.base import proxies
from tools.dev.child import Child

_HANDLER = re.compile(rb"^(def handler\(|handler\b.*=)", re.MULTILINE)
_TRIAL = Path(__file__).with_name("trial.py")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a package cannot be served; `file` is named from the checkout's root."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " * bool(self.file)
        return f"{where}{self.what}"


class Trials(Child):
    """`with Trials() as trials: trials.problem_of(package, handlers)`; its process ends with it."""

    def __init__(self, workspace: Workspace | None = None) -> None:
        super().__init__()
        self._workspace = workspace or Workspace()

    def __enter__(self) -> Self:
        self._prepare()
        return self

    def problem_of(self, package: Package, handlers: Iterable[str]) -> Problem | None:
        """Why one of the handlers, such as ``orders.handlers.relay.handler``, cannot be imported.

        Every module of `handlers` is imported too: what no function runs yet may be broken as well.
        """
        wanted = dict.fromkeys([*handlers, *_handlers_in(package)])
        for handler in wanted:
            file = f"{handler.rpartition('.')[0].replace('.', '/')}.py"
            if file not in package.files:
                return Problem(f"lambdas/{file}", 0, "is gone, and a deployed function runs it")
        with tempfile.TemporaryDirectory(prefix="trial-", ignore_cleanup_errors=True) as temporary:
            folder = Path(temporary).resolve()
            self._lay_out(package, folder)
            answer = self._ask(json.dumps({"folder": str(folder), "handlers": list(wanted)}))
        if answer is None:
            return None
        ours = answer["file"] in package.files
        file = f"lambdas/{answer['file']}" if ours else answer["file"]
        return Problem(file, answer["line"], answer["what"])

    def _lay_out(self, package: Package, folder: Path) -> None:
        target = target_named("local", self._workspace)
        for name, path in library_files(package, target, self._workspace).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / name)
        for name, content in package.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)

    def _ask(self, line: str) -> dict[str, Any] | None:
        for _ in range(2):  # it may have been ended meanwhile
            process = self.running or self._prepare()
            assert process.stdin is not None
            assert process.stdout is not None
            with suppress(BrokenPipeError):
                process.stdin.write(f"{line}\n")
                process.stdin.flush()
                if said := process.stdout.readline():
                    answer: dict[str, Any] | None = json.loads(said)
                    return answer
            self.end()
        return {"file": "", "line": 0, "what": "the handlers could not be tried"}

    def _prepare(self) -> subprocess.Popen[str]:
        return self.start(
            [str(self._workspace.emulator_python), "-I", str(_TRIAL)],
            environment={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **proxies.NONE},
            errors=subprocess.DEVNULL,
        )


def _handlers_in(package: Package) -> list[str]:
    begin = f"{package.service}/handlers/"
    return [
        f"{name.removesuffix('.py').replace('/', '.')}.handler"
        for name in sorted(package.files)
        if name.startswith(begin)
        and name.endswith(".py")
        and not name.endswith("__init__.py")
        and _HANDLER.search(package.files[name])
    ]
