"""Aggregations as DynamoDB items. Quotes are a map by carrier, so that each is added by itself."""

from typing import Any

from shipping.domain.carriers import Parcel
from shipping.domain.quote_aggregation import Quote, QuoteAggregation, Status

Item = dict[str, Any]


def key_of(order_id: str, request_id: str) -> Item:
    """The key of an aggregation's item."""
    return {"order_id": {"S": order_id}, "request_id": {"S": request_id}}


def to_item(aggregation: QuoteAggregation) -> Item:
    """A new aggregation's item."""
    item: Item = {
        **key_of(aggregation.order_id, aggregation.request_id),
        "command": {"S": aggregation.command},
        "weight_grams": {"N": str(aggregation.parcel.weight_grams)},
        "country": {"S": aggregation.parcel.country},
        "postcode_area": {"S": aggregation.parcel.postcode_area},
        "currency": {"S": aggregation.currency},
        "expected": {"L": [{"S": carrier} for carrier in aggregation.expected]},
        "status": {"S": aggregation.status},
        "quotes": {"M": {name: {"M": quote_item(q)} for name, q in aggregation.quotes.items()}},
    }
    if aggregation.reason is not None:
        item["reason"] = {"S": aggregation.reason}
    return item


def quote_item(quote: Quote) -> Item:
    """A quote as a map inside the aggregation's item."""
    return {
        "quote_id": {"S": quote.quote_id},
        "price": {"N": str(quote.price)},
        "currency": {"S": quote.currency},
        "promised_days": {"N": str(quote.promised_days)},
        "valid_until": {"S": quote.valid_until},
    }


def from_item(item: Item) -> QuoteAggregation:
    """The aggregation in an item, or in a stream's image of one."""
    return QuoteAggregation(
        order_id=item["order_id"]["S"],
        request_id=item["request_id"]["S"],
        command=item["command"]["S"],
        parcel=Parcel(
            int(item["weight_grams"]["N"]), item["country"]["S"], item["postcode_area"]["S"]
        ),
        currency=item["currency"]["S"],
        expected=tuple(carrier["S"] for carrier in item["expected"]["L"]),
        status=Status(item["status"]["S"]),
        requested="deadline" in item,
        quotes={name: _quote(name, it["M"]) for name, it in item["quotes"]["M"].items()},
        best=item["best"]["S"] if "best" in item else None,
        reason=item["reason"]["S"] if "reason" in item else None,
        deadline=item["deadline"]["S"] if "deadline" in item else None,
    )


def _quote(carrier: str, item: Item) -> Quote:
    return Quote(
        carrier=carrier,
        quote_id=item["quote_id"]["S"],
        price=int(item["price"]["N"]),
        currency=item["currency"]["S"],
        promised_days=int(item["promised_days"]["N"]),
        valid_until=item["valid_until"]["S"],
    )
