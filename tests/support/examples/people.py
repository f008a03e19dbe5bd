"""Customers whom the tests know, and words that must not turn up anywhere else."""

import uuid

from customers.domain.customer import Address, Contact, Customer, Tombstone

NOON = "2026-12-01T12:00:00.000Z"
LATER = "2026-12-01T12:00:01.000Z"
ADA = Contact("Ada Quillfeather", "ada@quillfeather.example")
RENAMED = Contact("Ada Quillfeather-Søndergård", "ada@quillfeather.example")
HOME = Address("Wisteria Row 7", "Bristol", "BS1 4DJ", "GB")
WORK = Address("Gänsemarkt 44", "Hamburg", "20354", "DE", extra="Hof, 3. Stock")
PERSONAL = ("Quillfeather", "ada@", "Wisteria", "Gänsemarkt", "Hof, 3")
"""A part of each personal value: none may be in a log, an error or an integration event."""


def new_id() -> str:
    """An id as tokens carry it."""
    return str(uuid.uuid4())


def registered(customer_id: str) -> Customer:
    """Ada, who has just registered."""
    return Customer.register(customer_id, ADA, NOON)


def tombstone(customer_id: str, forgotten_at: str = LATER) -> Tombstone:
    """What is left of a customer."""
    return Tombstone(
        customer_id=customer_id,
        forgotten_at=forgotten_at,
        correlation_id="11111111-1111-4111-8111-111111111111",
        causation_id="request-1",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
