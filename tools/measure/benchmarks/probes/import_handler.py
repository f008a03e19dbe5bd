"""Imports one handler in a fresh process, and makes the client that nearly every handler uses.

Argument: the handler's module; ``peer`` is the usual way's place-order handler.
"""

import importlib
import time
from typing import Any

from answer import answer_with


def measure(arguments: list[str]) -> dict[str, Any]:
    begun = time.perf_counter()
    if arguments[0] == "peer":
        importlib.import_module("place_order")  # it makes its client as it is imported
    else:
        importlib.import_module(arguments[0])
        importlib.import_module("shared.runtime.aws").client("dynamodb")
    return {"import_ms": (time.perf_counter() - begun) * 1000}


if __name__ == "__main__":
    answer_with(measure)
