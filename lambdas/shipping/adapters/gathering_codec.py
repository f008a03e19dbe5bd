"""Gatherings as DynamoDB items. Quotes are a map by carrier, so that each is added by itself."""

from typing import Any

from shipping.domain.carriers import Parcel
from shipping.domain.gathering import Gathering, Quote, Status

Item = dict[str, Any]


def key_of(order_id: str, request_id: str) -> Item:
    """The key of a gathering's item."""
    return {"order_id": {"S": order_id}, "request_id": {"S": request_id}}


def to_item(gathering: Gathering) -> Item:
    """A new gathering's item."""
    item: Item = {
        **key_of(gathering.order_id, gathering.request_id),
        "command": {"S": gathering.command},
        "weight_grams": {"N": str(gathering.parcel.weight_grams)},
        "country": {"S": gathering.parcel.country},
        "postcode_area": {"S": gathering.parcel.postcode_area},
        "currency": {"S": gathering.currency},
        "expected": {"L": [{"S": carrier} for carrier in gathering.expected]},
        "status": {"S": gathering.status},
        "quotes": {"M": {name: {"M": quote_item(q)} for name, q in gathering.quotes.items()}},
    }
    if gathering.reason is not None:
        item["reason"] = {"S": gathering.reason}
    return item


def quote_item(quote: Quote) -> Item:
    """A quote as a map inside the gathering's item."""
    return {
        "quote_id": {"S": quote.quote_id},
        "price": {"N": str(quote.price)},
        "currency": {"S": quote.currency},
        "promised_days": {"N": str(quote.promised_days)},
        "valid_until": {"S": quote.valid_until},
    }


def from_item(item: Item) -> Gathering:
    """The gathering in an item, or in a stream's image of one."""
    return Gathering(
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
