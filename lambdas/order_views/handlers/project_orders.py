"""Follows the event log and keeps the order view up to date."""

from typing import Any

from order_views.handlers import projection
from shared.messaging import log_records
from shared.runtime import log


def handler(event: dict[str, Any], _context: Any) -> None:
    """Apply a batch of the log to every generation that is written."""
    records = log_records.read(event, projection.parked_records().positions())
    writes = sum(projector.apply(records) for projector in projection.projectors())
    log.metric("RecordsProjected", len(records))
    log.metric("ViewWrites", writes)
