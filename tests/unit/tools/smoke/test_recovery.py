"""The smoke test's restore finds a table that comes back otherwise, and one that does not."""

from __future__ import annotations

from typing import Any

import pytest

from tools.smoke import recovery
from tools.smoke.check import Failed

DELIVERY = {"sku": {"S": "MUG"}, "entry": {"S": "delivery#1"}, "quantity": {"N": "5"}}
LEVEL = {"sku": {"S": "MUG"}, "entry": {"S": "level"}, "available": {"N": "3"}}


class Tables:
    """DynamoDB with one table, and what a restore makes of it."""

    def __init__(self, restored: list[dict[str, Any]], status: str = "ENABLED") -> None:
        self._restored = restored
        self._status = status
        self.made: list[str] = []
        self.deleted: list[str] = []

    def describe_continuous_backups(self, **_: Any) -> dict[str, Any]:
        recovery_ = {"PointInTimeRecoveryStatus": self._status}
        return {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": recovery_}}

    def restore_table_to_point_in_time(self, *, TargetTableName: str, **_: Any) -> None:  # noqa: N803
        self.made.append(TargetTableName)

    def describe_table(self, **_: Any) -> dict[str, Any]:
        return {"Table": {"TableStatus": "ACTIVE"}}

    def delete_table(self, *, TableName: str) -> None:  # noqa: N803
        self.deleted.append(TableName)

    def get_paginator(self, _: str) -> Tables:
        return self

    def paginate(self, *, TableName: str, **_: Any) -> list[dict[str, Any]]:  # noqa: N803
        return [{"Items": [DELIVERY, LEVEL] if TableName == "stock" else self._restored}]


class SystemOf:
    """As much of a deployment as the check asks for."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.later: list[Any] = []

    def client(self, _: str) -> Tables:
        return self._tables

    def one(self, *_: str) -> str:
        return "stock"

    def undo_later(self, undo: Any) -> None:
        self.later.append(undo)


def restored(*items: dict[str, Any], status: str = "ENABLED") -> tuple[str, Tables]:
    tables = Tables(list(items), status)
    system: Any = SystemOf(tables)
    found = recovery.a_table_can_be_restored(system)
    for undo in system.later:
        undo()
    return found, tables


def test_levels_may_differ_and_the_restored_table_is_deleted() -> None:
    found, tables = restored(DELIVERY, LEVEL | {"available": {"N": "9"}})
    assert found == "1 of 1 deliveries, each the same"
    assert tables.deleted == tables.made
    assert tables.made[0].startswith("stock-smoke-")


def test_a_delivery_that_comes_back_otherwise_is_found() -> None:
    with pytest.raises(Failed, match="MUG delivery#1"):
        restored(DELIVERY | {"quantity": {"N": "6"}})


def test_an_empty_table_is_found() -> None:
    with pytest.raises(Failed, match="none of the 1 deliveries"):
        restored()


def test_a_table_without_recovery_is_found() -> None:
    with pytest.raises(Failed, match="no point-in-time recovery"):
        restored(DELIVERY, status="DISABLED")
