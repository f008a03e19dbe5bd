"""The terms on which orders are accepted: they change with the business, not with the code."""

from dataclasses import dataclass
from hashlib import sha256

MAX_LINES = 50
"""No terms allow more: reserving the lines must fit one transaction of the warehouse, 100 items
(DynamoDB quotas)."""
MOST_BASIS_POINTS = 3000
"""The floor of all prices: no discount takes more than 30 % off."""
_HUNDRED_PERCENT = 10_000


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for one customer at one moment; a discount in hundredths of a percent."""

    accepts_orders: bool = True
    max_lines: int = MAX_LINES
    discount_basis_points: int = 0

    def price(self, list_price: int) -> int:
        """A unit price in minor units on these terms, rounded half up."""
        left = _HUNDRED_PERCENT - min(self.discount_basis_points, MOST_BASIS_POINTS)
        return (list_price * left + _HUNDRED_PERCENT // 2) // _HUNDRED_PERCENT


DEFAULT_TERMS = Terms()
"""Every order, at the prices of the list."""


def is_among(customer_id: str, percent: int, rollout: str) -> bool:
    """Whether a customer is among the first ``percent`` of a hundred equal parts of all customers.

    A customer's part depends on the rollout's name and nothing else: a growing percentage only
    adds customers, and two rollouts do not meet the same ones first.
    """
    part = int.from_bytes(sha256(f"{rollout} {customer_id}".encode()).digest()[:8]) % 100
    return part < percent
