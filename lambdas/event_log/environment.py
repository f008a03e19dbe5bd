"""Ingestion's environment."""

import msgspec


class IngestionEnvironment(msgspec.Struct, frozen=True):
    """What ingestion needs."""

    event_stream_arn: str
    seen_table: str
    dead_letters_url: str
    message_sources: str
    """JSON: by type of integration event, the source from which it counts."""


class ShownLogEnvironment(msgspec.Struct, frozen=True):
    """What looking at the log needs."""

    event_stream_arn: str
    turns_table: str
    """Whose turn it is to read."""


class ShownArchiveEnvironment(msgspec.Struct, frozen=True):
    """What looking into the archive needs."""

    archive_bucket: str


class ShownAlarmsEnvironment(msgspec.Struct, frozen=True):
    """What looking at alarms and queues needs."""

    stacks_prefix: str
    """How the names of this environment's stacks begin, and so of what is in them."""
