"""For operators: look at the records that could not be published, and publish them again."""

from typing import Any

from orders.handlers.publish_to_bus import parked_records, publisher
from shared.read_models import redrive
from shared.runtime.tracing.invocations import invocation


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """See ``shared.read_models.redrive.answer``."""
    return redrive.answer(event, [publisher()], parked_records())
