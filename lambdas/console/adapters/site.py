"""The app's files as they lie in the package, and what a browser may do with them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "app"
INDEX = "index.html"
MANIFEST = "manifest.json"
"""What the build says of each file; see ``bundling/web.py``."""
FOR_EVER = "public, max-age=31536000, immutable"
NOT_KEPT = "no-store"


@dataclass(frozen=True, slots=True)
class File:
    """``cached`` is how long a browser may keep it: for ever if its name has its content's hash."""

    content: str
    type: str
    cached: str


@cache
def files(folder: Path = FOLDER) -> Mapping[str, File]:
    """Every file by its name: what is asked for is looked up here, and never on the disk.

    All are texts: API Gateway would want anything else in base64.
    """
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    return {
        name: File(
            (folder / name).read_text("utf-8"),
            it["type"],
            FOR_EVER if it["immutable"] else NOT_KEPT,
        )
        for name, it in manifest["files"].items()
    }
