"""What partners may know without having ordered."""

from collections.abc import Sequence

from partners.ports import Shelves, Silent

UNKNOWN = "unknown"
"""Nobody can say at present: an answer, too, since orders are taken all the same."""


async def availability_of(shelves: Shelves, skus: Sequence[str]) -> dict[str, str]:
    """By SKU, in the order asked for: what inventory says, else ``unknown``."""
    try:
        found = await shelves.availability(skus)
    except Silent:
        found = {}
    return {sku: found.get(sku, UNKNOWN) for sku in skus}
