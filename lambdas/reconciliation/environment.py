"""Reconciliation's environment."""

import msgspec


class ReconcileEnvironment(msgspec.Struct, frozen=True):
    """The three places, the functions of those who own them, and where runs keep their notes."""

    event_stream_arn: str
    archive_bucket: str
    scratch_bucket: str
    scan_events_arn: str
    list_events_arn: str
    read_events_arn: str
    relay_arn: str
    intake_arn: str
