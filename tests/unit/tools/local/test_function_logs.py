"""What functions logged is shown in order, once, and without the platform's own lines."""

from __future__ import annotations

import time
from itertools import islice
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from tools.base.endpoint import Cloud
from tools.emulator import function_logs

FUNCTIONS = {"orders/PlaceOrder": "place", "orders/Relay": "relay"}


class FakeCloud:
    """Log groups by name, each a list of (milliseconds, text); it is its own client."""

    def __init__(self, groups: dict[str, list[tuple[int, str]]]) -> None:
        self.groups = groups

    def client(self, _: str) -> FakeCloud:
        return self

    def get_function_configuration(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        if FunctionName == "relay":
            return {"LoggingConfig": {"LogGroup": "a-group-of-its-own"}}
        return {}

    def get_paginator(self, _: str) -> FakeCloud:
        return self

    def paginate(self, logGroupName: str, startTime: int) -> list[dict[str, Any]]:  # noqa: N803
        if logGroupName not in self.groups:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "FilterLogEvents")
        events = [it for it in self.groups[logGroupName] if it[0] >= startTime]
        return [{"events": [{"timestamp": at, "message": f"{text}\n"}]} for at, text in events]


def _cloud(fake: FakeCloud) -> Cloud:
    return cast("Cloud", fake)


def test_lines_of_several_functions_come_in_order_of_time() -> None:
    fake = FakeCloud(
        {
            "/aws/lambda/place": [(1000, "START RequestId: 1"), (1001, "placed"), (1003, "done")],
            "a-group-of-its-own": [(1002, "relayed")],
        }
    )
    assert [str(line) for line in function_logs.lines(_cloud(fake), FUNCTIONS)] == [
        "00:00:01.001 orders/PlaceOrder: placed",
        "00:00:01.002 orders/Relay: relayed",
        "00:00:01.003 orders/PlaceOrder: done",
    ]


def test_functions_that_never_ran_have_no_lines() -> None:
    assert function_logs.lines(_cloud(FakeCloud({})), FUNCTIONS) == []


def test_following_shows_each_line_once_even_within_one_millisecond(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    group = [(1, "a"), (2, "b"), (2, "b")]
    fake = FakeCloud({"/aws/lambda/place": group})
    arriving = [(2, "b"), (2, "c"), (3, "d")]
    monkeypatch.setattr(time, "sleep", lambda _: group.append(arriving.pop(0)))
    followed = function_logs.follow(_cloud(fake), {"place": "place"})
    assert [line.text for line in islice(followed, 6)] == ["a", "b", "b", "b", "c", "d"]
