"""What customers needs from outside: a place where profiles are kept, and forgotten."""

from typing import Protocol

from customers.domain.customer import Customer, Tombstone


class Profiles(Protocol):
    """Every profile that is kept, and a tombstone for each customer that is not."""

    def find(self, customer_id: str) -> Customer | None:
        """The profile, strongly consistent. Raises CustomerForgotten."""

    def save(self, customer: Customer, base_version: int) -> bool:
        """Keep the profile if the kept one is still at ``base_version`` (0: there is none).

        Returns whether it was kept. Raises CustomerForgotten: no write undoes a tombstone.
        """

    def forget(self, tombstone: Tombstone) -> bool:
        """Remove the profile, if there is one, and leave the tombstone: both or neither.

        Returns False if another write was in the way. The first tombstone stays.
        """
