"""Conflicts of transactions: tried again after a pause, and given up in the end."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from inventory.adapters.dynamodb_warehouse import ATTEMPTS, LONGEST_PAUSE, DynamoDbWarehouse
from inventory.domain.errors import Contended, Overtaken
from inventory.domain.reservation import Bucket, Line
from tests.support.examples.inventory import held, new_id


class ConflictingDynamoDb:
    """Cancels the first transactions with these codes, and carries out those after them."""

    def __init__(self, *cancellations: list[str]) -> None:
        self.waiting = list(cancellations)
        self.calls = 0

    def transact_write_items(self, **_: Any) -> None:
        self.calls += 1
        if self.waiting:
            reasons = [{"Code": code} for code in self.waiting.pop(0)]
            error: Any = {
                "Error": {"Code": "TransactionCanceledException"},
                "CancellationReasons": reasons,
            }
            raise ClientError(error, "TransactWriteItems")


CONFLICT = ["None", "TransactionConflict"]


def move(client: ConflictingDynamoDb, pauses: list[float]) -> None:
    DynamoDbWarehouse(client, "stock", "reservations", pauses.append).move(
        None, held(new_id(), Line("CUP", 1)), Bucket.AVAILABLE, Bucket.RESERVED
    )


def test_a_conflict_is_tried_again_after_a_pause() -> None:
    client, pauses = ConflictingDynamoDb(CONFLICT, CONFLICT), list[float]()
    move(client, pauses)
    assert client.calls == 3
    assert len(pauses) == 2
    assert all(0 <= pause <= LONGEST_PAUSE for pause in pauses)


def test_endless_conflict_is_given_up_so_that_the_message_comes_again() -> None:
    client = ConflictingDynamoDb(*[CONFLICT] * ATTEMPTS)
    with pytest.raises(Contended):
        move(client, [])
    assert client.calls == ATTEMPTS


def test_a_reservation_that_exists_is_no_conflict() -> None:
    client = ConflictingDynamoDb(["ConditionalCheckFailed", "TransactionConflict"])
    with pytest.raises(Overtaken):
        move(client, [])
    assert client.calls == 1


def test_a_transaction_that_cannot_be_right_is_not_tried_again() -> None:
    client = ConflictingDynamoDb(["None", "ValidationError"])
    with pytest.raises(ClientError):
        move(client, [])
    assert client.calls == 1
