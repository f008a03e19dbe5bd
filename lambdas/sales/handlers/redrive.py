"""For operators: look at the records that sales could not apply, and apply them again."""

from typing import Any

from sales.handlers import projection
from shared.read_models import redrive


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """See ``shared.read_models.redrive.answer``."""
    return redrive.answer(event, projection.projectors(), projection.parked_records())
