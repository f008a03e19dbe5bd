"""Follows the event log and counts what was sold."""

from typing import Any

from sales.handlers import projection
from shared.messaging import log_records
from shared.runtime import log


def handler(event: dict[str, Any], _context: Any) -> None:
    """Apply a batch of the log to every generation that is written."""
    records = log_records.read(event, projection.parked_records().positions())
    writes = sum(projector.apply(records) for projector in projection.projectors())
    log.metric("RecordsProjected", len(records))
    log.metric("ViewWrites", writes)
