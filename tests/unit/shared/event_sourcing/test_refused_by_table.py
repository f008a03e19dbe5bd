"""Where the table itself refuses, another region writes; a missing permission is another fault."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from orders.adapters.event_codec import CODEC
from shared.event_sourcing.dynamodb_event_store import DynamoDbEventStore
from shared.event_sourcing.recorded import AnotherRegionWrites
from shared.event_sourcing.requests import errors_about
from tests.support.examples.log_of_orders import ORDERS, event
from tools.recovery.items import item_of

RECORDED = CODEC.from_item(item_of(event(ORDERS[0], 1, "OrderPlaced")))
DENIED = "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: dynamodb:PutItem"


class Refusing:
    """A table that answers every put with the same error."""

    def __init__(self, code: str, message: str) -> None:
        self._error = {"Error": {"Code": code, "Message": message}}

    def put_item(self, **_: Any) -> None:
        raise ClientError(self._error, "PutItem")  # type: ignore[arg-type]


def append(code: str, message: str) -> None:
    DynamoDbEventStore(Refusing(code, message), "t", CODEC).append(RECORDED)


def test_a_table_that_refuses_says_that_another_region_writes() -> None:
    with pytest.raises(AnotherRegionWrites):
        append(
            "AccessDeniedException", f"{DENIED} with an explicit deny in a resource-based policy"
        )


@pytest.mark.parametrize(
    "message",
    [
        f"{DENIED} because no identity-based policy allows the dynamodb:PutItem action",
        f"{DENIED} with an explicit deny in an identity-based policy",
    ],
)
def test_a_permission_that_is_missing_is_a_fault_of_ours(message: str) -> None:
    with pytest.raises(ClientError):
        append("AccessDeniedException", message)


def test_a_caller_is_told_to_come_again_with_the_same_key() -> None:
    problem = errors_about("order")[AnotherRegionWrites](AnotherRegionWrites())
    assert (problem.status, problem.kind) == (503, "another-region-writes")
    assert problem.headers["Retry-After"]
    assert "same Idempotency-Key" in problem.detail
