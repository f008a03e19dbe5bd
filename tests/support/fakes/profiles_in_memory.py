"""Profiles without AWS, for tests; held to the same contract as the tables."""

from customers.domain.customer import Customer, Tombstone
from customers.domain.errors import CustomerForgotten


class ProfilesInMemory:
    """Implements ``customers.ports.Profiles``."""

    def __init__(self) -> None:
        self.profiles: dict[str, Customer] = {}
        self.tombstones: dict[str, Tombstone] = {}

    def find(self, customer_id: str) -> Customer | None:
        if customer_id in self.tombstones:
            raise CustomerForgotten
        return self.profiles.get(customer_id)

    def save(self, customer: Customer, base_version: int) -> bool:
        known = self.find(customer.id)
        if (known.version if known else 0) != base_version:
            return False
        self.profiles[customer.id] = customer
        return True

    def forget(self, tombstone: Tombstone) -> bool:
        self.profiles.pop(tombstone.customer_id, None)
        self.tombstones.setdefault(tombstone.customer_id, tombstone)
        return True
