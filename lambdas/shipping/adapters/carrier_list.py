"""The carrier list, as it is packaged with the service: the stack reads the same file."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from shipping.domain.carriers import Carrier

PATH = Path(__file__).parents[1] / "carriers.json"


@cache
def carriers() -> Mapping[str, Carrier]:
    """Every carrier by its name."""
    entries = json.loads(PATH.read_text("utf-8"))
    return {entry["name"]: Carrier.from_entry(entry) for entry in entries}
