"""Reads the messages' schemas: those of today, and those of the last release."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Schema = Mapping[str, Any]
Schemas = Mapping[str, Schema]
"""By file name, such as ``OrderPlaced.v1.schema.json``."""

HERE = Path(__file__).parent
CURRENT = HERE / "events"
RELEASED = HERE / "released"


def schemas_in(directory: Path) -> Schemas:
    """Every schema of a folder, by file name."""
    return {
        path.name: json.loads(path.read_text("utf-8"))
        for path in sorted(directory.glob("*.schema.json"))
    }
