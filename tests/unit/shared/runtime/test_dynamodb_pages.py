"""A query is read to its end, and no page before it is asked for."""

from __future__ import annotations

from itertools import islice
from typing import Any

from shared.runtime.dynamodb_pages import every_item


class Pages:
    """Three pages of items; an empty one is among them, as a filter leaves it."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def query(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        answers: list[dict[str, Any]] = [
            {"Items": [{"id": 1}, {"id": 2}], "LastEvaluatedKey": {"id": 2}},
            {"Items": [], "LastEvaluatedKey": {"id": 4}},
            {"Items": [{"id": 5}]},
        ]
        return answers[len(self.asked) - 1]


def test_a_query_is_read_to_its_end() -> None:
    pages = Pages()
    start = {"id": 0}
    found = every_item(pages, TableName="any", ExclusiveStartKey=start)
    assert list(found) == [{"id": 1}, {"id": 2}, {"id": 5}]
    assert [it["ExclusiveStartKey"] for it in pages.asked] == [start, {"id": 2}, {"id": 4}]
    assert {it["TableName"] for it in pages.asked} == {"any"}


def test_a_page_that_nobody_comes_to_is_not_asked_for() -> None:
    pages = Pages()
    assert list(islice(every_item(pages, TableName="any"), 2)) == [{"id": 1}, {"id": 2}]
    assert len(pages.asked) == 1
