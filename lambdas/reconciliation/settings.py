"""Reconciliation's environment."""

from functools import cache

import msgspec

from shared import settings


class ReconcileSettings(msgspec.Struct, frozen=True):
    """The three places, and the functions of those who own them."""

    event_stream_arn: str
    archive_bucket: str
    scan_events_arn: str
    read_events_arn: str
    relay_arn: str
    intake_arn: str


@cache
def for_reconcile() -> ReconcileSettings:
    """The settings of the function."""
    return settings.load(ReconcileSettings)
