"""Ingestion's environment."""

import msgspec


class IngestionEnvironment(msgspec.Struct, frozen=True):
    """What ingestion needs."""

    event_stream_arn: str
    seen_table: str
    dead_letters_url: str
    message_sources: str
    """JSON: by type of integration event, the source from which it counts."""
