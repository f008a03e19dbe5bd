"""What the functions of a read model find in their environment."""

import msgspec


class ConsumerEnvironment(msgspec.Struct, frozen=True):
    """Of every function that writes a read model; a field for its table is added by each."""

    parked_table: str
    read_events_arn: str


class RebuildEnvironment(msgspec.Struct, frozen=True):
    """Of a rebuild, besides what its consumer needs."""

    archive_bucket: str
    scratch_bucket: str
    event_stream_arn: str
