"""The console's contract can be checked, and what the screens are tested with keeps it."""

from __future__ import annotations

import pytest

from tests.support.console_answers import identifier, order_row, timeline
from tests.support.console_api import ConsoleApi
from tests.support.console_contract import problems, schemas

ORDER = identifier("order 1")
ANSWERS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("Pulse", "pulse", {}),
    ("Pulse", "pulse", {"after": "3"}),
    ("Services", "services", {}),
    ("Orders", "orders", {}),
    ("Timeline", f"orders/{ORDER}/timeline", {}),
    ("Consumers", "consumers", {}),
    ("Parked", "consumers/sales/parked", {}),
    ("Sagas", "sagas", {}),
    ("Saga", f"sagas/{ORDER}", {}),
    ("Log", "log", {}),
    ("Log", "log", {"shard": "shardId-000000000001"}),
    ("Views", "views", {}),
    ("Configuration", "configuration", {}),
    ("Alarms", "alarms", {}),
    ("Queues", "queues", {}),
    ("Releases", "releases", {}),
)


@pytest.mark.parametrize(("type", "path", "query"), ANSWERS)
def test_what_the_screens_are_tested_with_is_what_the_contract_says(
    type: str, path: str, query: dict[str, str]
) -> None:
    api = ConsoleApi()
    api.fill()
    status, answer = api.answer(path, query)
    assert (status, problems(type, answer)) == (200, [])


def test_the_contract_is_read_to_its_end() -> None:
    assert {"Activity", "Pulse", "ServiceCard", "Entry", "Sagas"} <= schemas()["$defs"].keys()


def test_a_field_too_few_too_many_or_of_another_type_is_found() -> None:
    row = order_row(ORDER, 0)
    assert problems("OrderRow", row) == []
    assert problems("OrderRow", row | {"version": "1"}) == [
        "$.version: '1' is not of type 'number'"
    ]
    assert "'more' was unexpected" in problems("OrderRow", row | {"more": 1})[0]
    del row["status"]
    assert problems("OrderRow", row) == ["$: 'status' is a required property"]


def test_a_lane_that_is_none_and_a_part_that_is_missing_its_word_are_found() -> None:
    story = timeline(ORDER)
    story["entries"][0]["lane"] = "street"
    story["parts"]["api"] = {"answered": "yes", "problem": None, "as_of": None}
    assert [it.split(":")[0] for it in problems("Timeline", story)] == [
        "$.entries[0].lane",
        "$.parts.api.answered",
    ]
