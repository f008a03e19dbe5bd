"""Structured logs and metrics: one JSON line each, written the way that CloudWatch reads them."""

import os
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from shared import clock

METRIC_NAMESPACE = "Parcelworks"
_encode = msgspec.json.Encoder(enc_hook=repr).encode


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
    _print(
        {
            "_aws": {
                "Timestamp": int(time.time() * 1000),
                "CloudWatchMetrics": [
                    {
                        "Namespace": METRIC_NAMESPACE,
                        "Dimensions": [list(dimensions)],
                        "Metrics": [{"Name": name, "Unit": unit}],
                    }
                ],
            },
            name: value,
            **dimensions,
        }
    )


def _write(level: str, message: str, fields: Mapping[str, Any]) -> None:
    _print({"timestamp": clock.now(), "level": level, "message": message, **fields})


def _print(line: Mapping[str, Any]) -> None:
    print(_encode(line).decode(), flush=True)  # noqa: T201 - Lambda sends stdout to CloudWatch
