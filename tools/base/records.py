"""What a process of a workspace writes down when it starts: its number, its port, its options."""

from __future__ import annotations

import json
from pathlib import Path


def read_record(file: Path) -> dict[str, int]:
    """`{pid, port, ...}` of a process that was started; empty if there is none.

    Empty too if the file is damaged, as after a full disk: processes are found by their command
    lines, so that everything can still be stopped, and starting writes a new record.
    """
    try:
        found = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    if not isinstance(found, dict) or not all(isinstance(it, int) for it in found.values()):
        return {}
    return found
