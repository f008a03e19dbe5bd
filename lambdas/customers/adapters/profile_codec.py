"""A profile as DynamoDB keeps it."""

from typing import Any

from customers.domain.customer import Address, Contact, Customer

Item = dict[str, Any]


def to_item(customer: Customer) -> Item:
    """DynamoDB attributes, written by hand."""
    return {
        "customer_id": {"S": customer.id},
        "version": {"N": str(customer.version)},
        "name": {"S": customer.contact.name},
        "email": {"S": customer.contact.email},
        "addresses": {"L": [{"M": _to_map(*entry)} for entry in customer.addresses.items()]},
        "registered_at": {"S": customer.registered_at},
        "updated_at": {"S": customer.updated_at},
    }


def from_item(item: Item) -> Customer:
    """The customer that ``to_item`` wrote."""
    return Customer(
        id=item["customer_id"]["S"],
        version=int(item["version"]["N"]),
        contact=Contact(item["name"]["S"], item["email"]["S"]),
        registered_at=item["registered_at"]["S"],
        updated_at=item["updated_at"]["S"],
        addresses={
            entry["M"]["address_id"]["S"]: _from_map(entry["M"]) for entry in item["addresses"]["L"]
        },
    )


def _to_map(address_id: str, address: Address) -> Item:
    return {
        "address_id": {"S": address_id},
        "street": {"S": address.street},
        "city": {"S": address.city},
        "postcode": {"S": address.postcode},
        "country": {"S": address.country},
        **({"extra": {"S": address.extra}} if address.extra is not None else {}),
    }


def _from_map(entry: Item) -> Address:
    return Address(
        street=entry["street"]["S"],
        city=entry["city"]["S"],
        postcode=entry["postcode"]["S"],
        country=entry["country"]["S"],
        extra=entry["extra"]["S"] if "extra" in entry else None,
    )
