"""What others may know of the stock."""

from collections.abc import Sequence

from inventory.domain.availability import Availability
from inventory.ports import Shelves


def availability_of(shelves: Shelves, skus: Sequence[str]) -> dict[str, Availability]:
    """By SKU, in the order asked for; of what was never delivered there is none."""
    pieces = shelves.available(skus)
    return {sku: Availability.of(pieces.get(sku, 0)) for sku in skus}
