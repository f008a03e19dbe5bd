"""How a measured process tells its figures: on its standard output, where nothing else may go."""

import json
import os
import sys
from collections.abc import Callable
from typing import Any


def answer_with(measure: Callable[[list[str]], dict[str, Any]]) -> None:
    """Run the measurement with the logs of functions sent nowhere, then print its figures."""
    answer = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    figures = measure(sys.argv[1:])
    sys.stdout.flush()
    os.write(answer, json.dumps(figures).encode())
