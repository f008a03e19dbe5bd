"""A partner's order, and the names under which it is known elsewhere."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Partner:
    """One of the gateway's consumers, by the id that the gateway has for it.

    All partners share one machine client. References are told apart by whose they are before they
    leave here, and nobody downstream learns what a partner calls its customers and orders.
    """

    id: str

    def customer(self, reference: str) -> str:
        """What this partner's customer is called downstream."""
        return self._name("customer", reference)

    def order_key(self, reference: str) -> str:
        """The key that makes repetitions of this partner's order one order."""
        return self._name("order", reference)

    @property
    def endpoint(self) -> str:
        """What this partner is called where it is said that it is told there."""
        return self._name("partner", "")

    def _name(self, kind: str, reference: str) -> str:
        return hashlib.sha256(json.dumps([kind, self.id, reference]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Line:
    """So many of an article."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What a partner orders for a customer of its own; ``reference`` is the order's, ``customer``
    the customer's, both as the partner has them.
    """

    partner: Partner
    reference: str
    customer: str
    lines: tuple[Line, ...]
    currency: str
    ship_to: Mapping[str, str]
