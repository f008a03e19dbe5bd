"""GET /v1/services: what each service says of itself, and no name of a function."""

from __future__ import annotations

import pytest

from console.handlers import inspect
from tests.unit.console.test_timeline import card


class Cards:
    def all(self) -> list[object]:
        changes = {"redrive": {"sales": "arn-to-change"}}
        return [
            card("sales", show={"sales": "arn-to-look"}, change=changes, configuration="arn-of-it")
        ]


def test_no_function_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect, "cards", Cards)
    (told,) = inspect._services()["services"]
    assert told["name"] == "sales"
    assert told.keys() == set(inspect.TOLD)
    assert "arn-" not in str(told)
