"""For operators that only look: which events customers were told about, and not which customers."""

from typing import Annotated, Any

import msgspec

from notifications.adapters.dynamodb_ledger import DynamoDbLedger
from notifications.environment import LedgerEnvironment
from shared.runtime import aws
from shared.runtime.environment import load
from shared.runtime.patterns import Uuid
from shared.runtime.tracing.invocations import invocation

MOST = 100


class ShowNotifications(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request: ids of events."""

    event_ids: Annotated[list[Uuid], msgspec.Meta(max_length=MOST)]


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """``{told: [{event_id, template, how, settled_at}, ...]}``, in no order.

    Events that concern no customer are left out, and so are those that nobody has taken on yet.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
    """
    asked = msgspec.convert(event, ShowNotifications)
    ledger = DynamoDbLedger(
        aws.client("dynamodb"), load(LedgerEnvironment).ledger_table, claim_seconds=0
    )
    return {"told": msgspec.to_builtins(ledger.told(asked.event_ids))}
