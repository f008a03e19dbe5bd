"""What the tables' adapter makes of answers that cannot be had on request."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from customers.adapters.dynamodb_profiles import DynamoDbProfiles
from customers.domain.errors import CustomerForgotten
from tests.support.examples.people import new_id, registered, tombstone


class CancellingTables:
    """A DynamoDB client that cancels every transaction for the given reasons."""

    def __init__(self, *codes: str) -> None:
        self._reasons = [{"Code": code} for code in codes]

    def transact_write_items(self, **_request: Any) -> Any:
        response: Any = {
            "Error": {"Code": "TransactionCanceledException", "Message": ""},
            "CancellationReasons": self._reasons,
        }
        raise ClientError(response, "TransactWriteItems")


def profiles(*codes: str) -> DynamoDbProfiles:
    return DynamoDbProfiles(CancellingTables(*codes), "profiles", "tombstones")


@pytest.mark.parametrize(
    "codes", [("TransactionConflict", "None"), ("None", "TransactionConflict")]
)
def test_another_transaction_in_the_way_can_be_tried_again(codes: tuple[str, str]) -> None:
    assert profiles(*codes).save(registered(new_id()), 0) is False
    assert profiles(*codes).forget(tombstone(new_id())) is False


def test_a_tombstone_decides_whatever_else_was_in_the_way() -> None:
    with pytest.raises(CustomerForgotten):
        profiles("ConditionalCheckFailed", "ConditionalCheckFailed").save(registered(new_id()), 0)


@pytest.mark.parametrize("codes", [("None", "ThrottlingError"), ("ValidationError", "None"), ()])
def test_any_other_failure_is_one(codes: tuple[str, ...]) -> None:
    with pytest.raises(ClientError):
        profiles(*codes).save(registered(new_id()), 0)
    with pytest.raises(ClientError):
        profiles(*codes).forget(tombstone(new_id()))
