"""A reservation as DynamoDB keeps it."""

import zlib
from typing import Any

from inventory.domain.reservation import Line, MessageContext, Reservation, Status

DUE_SHARDS = 8
"""The index of what is due is spread, since one key of an index takes 1,000 writes a second."""

Item = dict[str, Any]


def to_item(reservation: Reservation) -> Item:
    """DynamoDB attributes; ``due_shard`` is there only as long as the expiry has work with it."""
    waits = reservation.status is Status.HELD or (
        reservation.status is Status.EXPIRED and not reservation.announced
    )
    return {
        "order_id": {"S": reservation.order_id},
        "status": {"S": reservation.status},
        "lines": {
            "L": [
                {"M": {"sku": {"S": line.sku}, "quantity": {"N": str(line.quantity)}}}
                for line in reservation.lines
            ]
        },
        "expires_at": {"S": reservation.expires_at},
        "correlation_id": {"S": reservation.context.correlation_id},
        "traceparent": {"S": reservation.context.traceparent},
        "command_id": {"S": reservation.context.command_id},
        "announced": {"BOOL": reservation.announced},
        **({"reason": {"S": reservation.reason}} if reservation.reason else {}),
        **({"sku": {"S": reservation.sku}} if reservation.sku else {}),
        **({"due_shard": {"S": shard_of(reservation.order_id)}} if waits else {}),
    }


def from_item(item: Item) -> Reservation:
    """The reservation that ``to_item`` wrote."""
    return Reservation(
        order_id=item["order_id"]["S"],
        status=Status(item["status"]["S"]),
        lines=tuple(
            Line(line["M"]["sku"]["S"], int(line["M"]["quantity"]["N"]))
            for line in item["lines"]["L"]
        ),
        expires_at=item["expires_at"]["S"],
        context=MessageContext(
            correlation_id=item["correlation_id"]["S"],
            traceparent=item["traceparent"]["S"],
            command_id=item["command_id"]["S"],
        ),
        reason=item["reason"]["S"] if "reason" in item else None,
        sku=item["sku"]["S"] if "sku" in item else None,
        announced=item["announced"]["BOOL"],
    )


def shard_of(order_id: str) -> str:
    """Where the index keeps this order."""
    return str(zlib.crc32(order_id.encode()) % DUE_SHARDS)
