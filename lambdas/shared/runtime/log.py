"""Structured logs and metrics: one JSON line each, written the way that CloudWatch reads them.

Every line names the trace and the journey that the code is at work for: see ``name_lines``.
"""

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from shared.runtime import clock
from shared.runtime.plain_text import plain

LONGEST_FIELD = 500
MOST_VALUES = 100
"""Of one metric in one line (CloudWatch, "Embedded metric format specification")."""
Ids = Callable[[], Mapping[str, Any]]
_encode = msgspec.json.Encoder(enc_hook=repr).encode


class _Lines:
    ids: Ids = dict


def name_lines(ids: Ids) -> None:
    """Let every line have the fields that ``ids`` answers with when the line is written."""
    _Lines.ids = staticmethod(ids)


def info(message: str, **fields: Any) -> None:
    """Write what happened. Ids and counts only: nothing about a person belongs in a log."""
    _write("INFO", message, fields)


def warning(message: str, **fields: Any) -> None:
    """Write what someone should look at when it happens often."""
    _write("WARNING", message, fields)


def error(message: str, **fields: Any) -> None:
    """Write what someone should look at."""
    _write("ERROR", message, fields)


def metric(name: str, value: float, unit: str = "Count", **dimensions: str) -> None:
    """Publish one value in CloudWatch's embedded metric format, without a call."""
    dimensions = {"service": os.environ.get("SERVICE", "unknown"), **dimensions}
    _print(_embedded({name: value}, unit, dimensions))


def counts(values: Mapping[str, float]) -> None:
    """The same of several counts in one line, of which each is a metric."""
    _print(_embedded(values, "Count", {"service": os.environ.get("SERVICE", "unknown")}))


def metrics(values: Mapping[str, Sequence[float]], unit: str, **dimensions: str) -> None:
    """Publish several values of several metrics that have the same unit and dimensions.

    One line holds a hundred values of each (CloudWatch embedded metric format), and is one metric
    for each name.
    """
    named = {"service": os.environ.get("SERVICE", "unknown"), **dimensions}
    for start in range(0, max(map(len, values.values()), default=0), MOST_VALUES):
        part = {name: list(it[start : start + MOST_VALUES]) for name, it in values.items()}
        _print(_embedded({name: it for name, it in part.items() if it}, unit, named))


def _embedded(
    values: Mapping[str, Any], unit: str, dimensions: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "_aws": {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": os.environ.get("METRIC_NAMESPACE", "unknown"),
                    "Dimensions": [list(dimensions)],
                    "Metrics": [{"Name": name, "Unit": unit} for name in values],
                }
            ],
        },
        **values,
        **dimensions,
        **_Lines.ids(),
    }


def _write(level: str, message: str, fields: Mapping[str, Any]) -> None:
    line = {"timestamp": clock.now(), "level": level, "message": message, **fields}
    for name, its_id in _Lines.ids().items():
        if line.get(name) is None:
            line[name] = its_id
    _print(line)


def _print(line: Mapping[str, Any]) -> None:
    print(_shown(line), flush=True)  # noqa: T201 - Lambda sends stdout to CloudWatch


def _shown(line: Mapping[str, Any]) -> str:
    """One line of JSON in which nothing acts on the terminal of whoever reads it.

    JSON itself escapes most control characters, but neither the rest of them nor those that turn
    the direction of writing. A log never fails for what it is given.
    """
    try:
        text = _encode(line).decode()
        if text.isprintable():
            return text
        found = msgspec.json.decode(text)
    except (ValueError, RecursionError, TypeError):  # halves of surrogate pairs, or far too deep
        found = {key: _in_words(value) for key, value in line.items()}
    return json.dumps(found, ensure_ascii=True, separators=(",", ":"))


def _in_words(value: Any) -> str:
    try:
        return plain(str(value), LONGEST_FIELD)
    except RecursionError:
        return type(value).__name__
