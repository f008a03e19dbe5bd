"""Imports handlers as a function would, and says where that fails. It stands alone.

It runs under the emulator's interpreter, which has nothing of ours, and has loaded botocore before
the first request: each is answered by a copy of it, so that none sees another's modules.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import traceback
from typing import Any

IMPORT_SECONDS = 10
"""What Lambda gives a function to begin."""


def serve() -> None:
    """Answer each line, ``{"folder": …, "handlers": […]}``, with a line: what is wrong, or null."""
    import botocore.session  # noqa: F401 - loaded here, the copies share it

    for line in sys.stdin:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            signal.alarm(IMPORT_SECONDS)  # it has no handler, and ends the copy
            with os.fdopen(writing, "w") as answer:
                answer.write(json.dumps(_problem(json.loads(line))))
                answer.flush()
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as answer:
            said = answer.read()
        os.waitpid(pid, 0)
        late = f"importing takes more than {IMPORT_SECONDS} s, or ends the process"
        print(said or json.dumps({"file": "", "line": 0, "what": late}), flush=True)


def _problem(request: dict[str, Any]) -> dict[str, Any] | None:
    sys.stdout = sys.stderr  # what a module prints is no answer
    folder = request["folder"]
    sys.path.insert(0, folder)
    os.chdir(folder)
    sys.dont_write_bytecode = True
    for handler in request["handlers"]:
        module, _, name = handler.rpartition(".")
        try:
            getattr(importlib.import_module(module), name)
        except SyntaxError as error:
            return _at(folder, error.filename or "", error.lineno or 0, f"{error.msg}")
        except BaseException as error:  # a module may even call sys.exit
            frames = traceback.extract_tb(error.__traceback__)
            own = [it for it in frames if it.filename.startswith(folder)]
            file, line = (own[-1].filename, own[-1].lineno or 0) if own else ("", 0)
            return _at(folder, file, line, f"{type(error).__name__}: {error}")
    return None


def _at(folder: str, file: str, line: int, what: str) -> dict[str, Any]:
    return {"file": file.removeprefix(f"{folder}/"), "line": line, "what": what}


if __name__ == "__main__":
    serve()
