"""What is on, written down before it is caused: whoever comes after a crash undoes it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.base.workspace import write_private


@dataclass(frozen=True, slots=True)
class Active:
    """A fault that is on. ``since`` and ``until`` are seconds since 1970; ``by`` an operator."""

    fault: str
    choice: str
    by: str
    since: float
    until: float


class Note:
    """The file that says what is on. One that is damaged says that everything may be."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> dict[str, Active] | None:
        """By the fault's name; None if there is a file that cannot be read."""
        try:
            return {it["fault"]: Active(**it) for it in json.loads(self._file.read_text("utf-8"))}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write(self, active: dict[str, Active]) -> None:
        """Replace it in one step."""
        write_private(self._file, json.dumps([asdict(it) for it in active.values()]))
