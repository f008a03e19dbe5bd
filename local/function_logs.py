"""Reads what functions logged, from where they logged it: CloudWatch Logs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from local.endpoint import Cloud

_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True, order=True)
class LogLine:
    """One line of a function's log."""

    at: int
    """Milliseconds since 1970, UTC."""
    function: str
    text: str = field(compare=False)

    def __str__(self) -> str:
        moment = datetime.fromtimestamp(self.at / 1000, UTC)
        return f"{moment:%H:%M:%S}.{self.at % 1000:03} {self.function}: {self.text}"


def lines(cloud: Cloud, functions: Iterable[str], *, since: int = 0) -> list[LogLine]:
    """All lines of these functions from `since` (milliseconds since 1970) on, in order of time."""
    return sorted(line for function in functions for line in _of_function(cloud, function, since))


def tail(cloud: Cloud, function: str, count: int = 15) -> tuple[str, ...]:
    """A function's last lines, ready to be printed; none if it never ran."""
    return tuple(str(line) for line in lines(cloud, [function])[-count:])


def follow(cloud: Cloud, functions: list[str]) -> Iterator[LogLine]:
    """All lines, and then for ever each new one."""
    seen: set[tuple[int, str, str]] = set()
    since = 0
    while True:
        for line in lines(cloud, functions, since=since):
            key = (line.at, line.function, line.text)
            if key not in seen:
                seen.add(key)
                since = max(since, line.at)
                yield line
        seen = {key for key in seen if key[0] >= since}
        time.sleep(_POLL_SECONDS)


def _of_function(cloud: Cloud, function: str, since: int) -> Iterator[LogLine]:
    try:
        settings = cloud.client("lambda").get_function_configuration(FunctionName=function)
        group = settings.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{function}")
        pages = cloud.client("logs").get_paginator("filter_log_events")
        for page in pages.paginate(logGroupName=group, startTime=since):
            for event in page["events"]:
                text = event.get("message", "").rstrip()
                yield LogLine(event.get("timestamp", 0), function, text)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
