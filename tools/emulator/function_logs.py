"""Reads what functions logged, from where they logged it: CloudWatch Logs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from tools.base.endpoint import Cloud

_POLL_SECONDS = 0.5
# Written by the platform around each call.
PLATFORM_LINES = ("START RequestId:", "END RequestId:", "REPORT RequestId:")


@dataclass(frozen=True, slots=True, order=True)
class LogLine:
    """One line of a function's log."""

    at: int
    """Milliseconds since 1970, UTC."""
    function: str
    """The name that it is shown under."""
    text: str = field(compare=False)

    def __str__(self) -> str:
        moment = datetime.fromtimestamp(self.at / 1000, UTC)
        return f"{moment:%H:%M:%S}.{self.at % 1000:03} {self.function}: {self.text}"


def lines(cloud: Cloud, functions: Mapping[str, str], *, since: int = 0) -> list[LogLine]:
    """What functions logged from `since` (milliseconds since 1970) on, in order of time.

    Args:
        functions: `{name to be shown: name of the function}`.
    """
    return sorted(
        LogLine(at, shown, text)
        for shown, function in functions.items()
        for at, text in _of_function(cloud, function, since)
        if not text.startswith(PLATFORM_LINES)
    )


def follow(cloud: Cloud, functions: Mapping[str, str]) -> Iterator[LogLine]:
    """All lines, and then for ever each new one."""
    since = 0
    seen: list[tuple[str, str]] = []
    while True:
        # Lines of the last millisecond come again, perhaps with new ones among them.
        again = list(seen)
        for line in lines(cloud, functions, since=since):
            identity = (line.function, line.text)
            if line.at == since and identity in again:
                again.remove(identity)
                continue
            if line.at > since:
                since, seen = line.at, []
            seen.append(identity)
            yield line
        time.sleep(_POLL_SECONDS)


def _of_function(cloud: Cloud, function: str, since: int) -> Iterator[tuple[int, str]]:
    try:
        configuration = cloud.client("lambda").get_function_configuration(FunctionName=function)
        group = configuration.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{function}")
        pages = cloud.client("logs").get_paginator("filter_log_events")
        for page in pages.paginate(logGroupName=group, startTime=since):
            for event in page["events"]:
                yield event.get("timestamp", 0), event.get("message", "").rstrip()
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise  # a function that never ran has no log yet
