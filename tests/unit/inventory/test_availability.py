"""Which articles are on the shelf, in words; and what is asked badly is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from inventory.adapters.dynamodb_shelves import DynamoDbShelves
from inventory.domain.availability import PLENTY_FROM, Availability
from inventory.handlers import availability
from shared.runtime.lattice import Request
from shared.runtime.problems import Problem
from tests.support.examples.lattice import PRINCIPAL, event
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory


class Shelf:
    """Implements ``Shelves``."""

    def __init__(self, **pieces: int) -> None:
        self._pieces = pieces

    def available(self, skus: Sequence[str]) -> Mapping[str, int]:
        return {it: self._pieces[it] for it in skus if it in self._pieces}


@pytest.mark.parametrize(
    ("pieces", "said"),
    [(0, "none"), (1, "few"), (PLENTY_FROM - 1, "few"), (PLENTY_FROM, "plenty"), (10**9, "plenty")],
)
def test_numbers_become_words(pieces: int, said: str) -> None:
    assert Availability.of(pieces) == said


def test_each_article_is_answered_once_in_the_order_asked() -> None:
    found = availability.answer(Shelf(CUP=3, POT=300), Request({"skus": "POT,CUP,CUP,NEW"}))
    assert found.body == {
        "items": [
            {"sku": "POT", "availability": "plenty"},
            {"sku": "CUP", "availability": "few"},
            {"sku": "NEW", "availability": "none"},
        ]
    }


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"skus": ""},
        {"skus": ","},
        {"skus": "CUP,"},
        {"skus": "CUP,,POT"},
        {"skus": "CUP POT"},
        {"skus": "CUP\n"},
        {"skus": "C\u00dcP"},
        {"skus": "C" * 41},
        {"skus": ",".join(f"S-{n}" for n in range(availability.MOST_SKUS + 1))},
    ],
    ids=repr,
)
def test_what_is_asked_badly_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(Problem) as refused:
        availability.answer(Shelf(), Request(query))
    assert refused.value.status == 400


def test_what_is_reserved_or_sold_is_not_available() -> None:
    database = DynamoDbInMemory({"stock": ("sku", "entry")}, {}, page=2)
    buckets = {"available": {"N": "2"}, "reserved": {"N": "50"}, "sold": {"N": "900"}}
    level = {"sku": {"S": "CUP"}, "entry": {"S": "level"}, **buckets}
    delivery = {"sku": {"S": "POT"}, "entry": {"S": "delivery#1"}}
    for item in (level, delivery):
        database.put_item(TableName="stock", Item=item)
    found = DynamoDbShelves(database, "stock").available(["POT", "CUP", "CUP"])
    assert found == {"CUP": 2}


def test_the_deployed_handler_asks_who_calls_before_it_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shelf = Shelf(CUP=3)
    monkeypatch.setattr(availability, "_shelves", lambda: shelf)
    role = "arn:aws:iam::123456789012:role/partners-pod"
    monkeypatch.setenv("CALLER_ROLE_ARN", role)
    monkeypatch.setenv("STOCK_TABLE", "stock")

    def called(principal: str) -> tuple[int, Any]:
        answer = availability.handler(
            event(availability.PATH, {"skus": "CUP"}, principal=principal), None
        )
        return answer["statusCode"], json.loads(answer["body"])

    assert called(PRINCIPAL) == (200, {"items": [{"sku": "CUP", "availability": "few"}]})
    assert called(PRINCIPAL.replace("partners-pod", "orders"))[0] == 403
