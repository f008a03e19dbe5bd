"""For operators that only look: which carriers were asked for an order's quotes, and who answered.

Neither prices nor where the parcel goes are told.
"""

from datetime import datetime
from itertools import islice
from typing import Any

import msgspec

from shared.runtime import aws, clock
from shared.runtime.environment import load
from shared.runtime.patterns import Uuid
from shared.runtime.tracing.invocations import invocation
from shipping.adapters.dynamodb_quote_aggregations import DynamoDbQuoteAggregations
from shipping.domain.quote_aggregation import QuoteAggregation
from shipping.environment import ShownQuotesEnvironment

MOST = 10
"""Requests of one order that are told: there is one in all but rare cases."""


class ShowQuotes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request."""

    order_id: Uuid


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """``{requests: [{request_id, status, deadline, reason, carriers: [{name, state, chosen}]}],
    capped}``.

    A carrier has answered, is awaited, or is late: the deadline has passed without its answer. When
    it answered is not kept. ``deadline`` is RFC 3339, null until the carriers were asked.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
    """
    asked = msgspec.convert(event, ShowQuotes)
    table = load(ShownQuotesEnvironment).gatherings_table
    found = DynamoDbQuoteAggregations(aws.client("dynamodb"), table).of_order(asked.order_id)
    now = clock.parse_time(clock.now())
    return {
        "requests": [_request(it, now) for it in islice(found, MOST)],
        "capped": len(found) > MOST,
    }


def _request(aggregation: QuoteAggregation, now: datetime) -> dict[str, Any]:
    deadline = aggregation.deadline
    over = aggregation.is_closed or (deadline is not None and clock.parse_time(deadline) <= now)
    silent = "late" if over else "awaited"
    return {
        "request_id": aggregation.request_id,
        "status": str(aggregation.status),
        "deadline": deadline,
        "reason": aggregation.reason,
        "carriers": [
            {
                "name": name,
                "state": "answered" if name in aggregation.quotes else silent,
                "chosen": name == aggregation.best,
            }
            for name in aggregation.expected
        ],
    }
