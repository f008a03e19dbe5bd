"""All items of a generation, page by page: summed up without its name, or erased alone."""

from __future__ import annotations

from typing import Any

import pytest

from shared.read_models.generation_items import Checksum, GenerationItems, checksum
from shared.runtime.dynamodb_batches import ROUNDS, StillUnprocessed
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory

Item = dict[str, Any]


@pytest.fixture
def database() -> DynamoDbInMemory:
    return DynamoDbInMemory({"views": ("pk", "sk")}, page=7)


@pytest.fixture
def items(database: DynamoDbInMemory) -> GenerationItems:
    return GenerationItems(database, "views", ("pk", "sk"), lambda _seconds: None)


def fill(database: DynamoDbInMemory, generation: str, count: int) -> None:
    for number in range(count):
        database.put_item(
            TableName="views",
            Item={
                "pk": {"S": f"{generation}#order-{number:03d}"},
                "sk": {"S": "view"},
                "by_customer": {"S": f"{generation}#customer-1"},
                "version": {"N": str(number)},
            },
        )


def test_every_item_of_a_generation_is_found_and_none_of_another(
    database: DynamoDbInMemory, items: GenerationItems
) -> None:
    fill(database, "g1", 20)
    fill(database, "g10", 3)
    fill(database, "g2", 5)
    found = [item["pk"]["S"] for item in items.all("g1")]
    assert found == [f"g1#order-{number:03d}" for number in range(20)]
    scans = [request for operation, request in database.calls if operation == "scan"]
    assert all(request["ConsistentRead"] for request in scans)
    assert len(scans) == 5, "28 items, seven on a page, and an end that is only then known"


def test_a_page_that_holds_none_of_the_generation_is_no_end(
    database: DynamoDbInMemory, items: GenerationItems
) -> None:
    fill(database, "g1", 7)
    fill(database, "g2", 2)
    found, after = items.page("g2", None)
    assert found == []
    assert after
    found, after = items.page("g2", after)
    assert len(found) == 2
    assert after is None


@pytest.mark.parametrize("count", [0, 1, 60])
def test_a_generation_is_erased_and_no_other(
    database: DynamoDbInMemory, items: GenerationItems, count: int
) -> None:
    fill(database, "g1", count)
    fill(database, "g2", 3)
    items.erase(list(items.all("g1")))
    assert list(items.all("g1")) == []
    assert len(list(items.all("g2"))) == 3


def test_deletions_that_are_left_out_are_made_again(
    database: DynamoDbInMemory, items: GenerationItems
) -> None:
    fill(database, "g1", 30)
    database.leaves = [25, 3]
    items.erase(list(items.all("g1")))
    assert list(items.all("g1")) == []


def test_deletions_that_are_left_out_for_ever_are_an_error(
    database: DynamoDbInMemory, items: GenerationItems
) -> None:
    fill(database, "g1", 1)
    database.leaves = [1] * ROUNDS
    with pytest.raises(StillUnprocessed):
        items.erase(list(items.all("g1")))


def test_two_generations_of_the_same_content_have_one_checksum(
    database: DynamoDbInMemory, items: GenerationItems
) -> None:
    for generation in ("g1", "g2"):
        fill(database, generation, 20)
    first, second = (checksum(items.all(it), it) for it in ("g1", "g2"))
    assert first == second
    assert first.items == 20
    assert checksum(reversed(list(items.all("g1"))), "g1") == first


def test_the_order_of_attributes_does_not_count_and_every_bit_does() -> None:
    item = {"pk": {"S": "g1#1"}, "a": {"S": "x"}, "b": {"N": "1"}}
    turned = dict(reversed(item.items()))
    assert Checksum().add(item, "g1") == Checksum().add(turned, "g1")
    assert Checksum().add(item, "g1").total > 2**64


@pytest.mark.parametrize(
    "changed",
    [
        {"version": {"N": "4"}},
        {"version": {"S": "3"}},
        {"by_customer": {"S": "g1#customer-2"}},
        {"new": {"BOOL": True}},
    ],
    ids=str,
)
def test_any_other_content_has_another_checksum(
    database: DynamoDbInMemory, items: GenerationItems, changed: Item
) -> None:
    fill(database, "g1", 5)
    before = checksum(items.all("g1"), "g1")
    item = database.tables["views"]["g1#order-003", "view"]
    database.put_item(TableName="views", Item=item | changed)
    assert checksum(items.all("g1"), "g1") != before


def test_a_checksum_stays_a_number_of_128_bits() -> None:
    result = Checksum()
    for number in range(50):
        result = result.add({"pk": {"S": f"g1#{number}"}}, "g1")
        assert 0 < result.total < 2**128
    assert result.items == 50
    last = Checksum().add({"pk": {"S": "g1#49"}}, "g1").total
    before = (result.total - last) % 2**128
    assert Checksum(49, before).add({"pk": {"S": "g1#49"}}, "g1") == result
