"""What the functions of a read model find in their environment."""

import msgspec


class ConsumerEnvironment(msgspec.Struct, frozen=True):
    """Of every function that writes a read model; a field for its table is added by each."""

    parked_table: str
    read_events_arn: str


class RedriveEnvironment(msgspec.Struct, frozen=True):
    """Of the function by which operators redrive, besides what its consumer needs."""

    event_stream_arn: str


class RebuildEnvironment(msgspec.Struct, frozen=True):
    """Of a rebuild, besides what its consumer needs."""

    archive_bucket: str
    scratch_bucket: str
    event_stream_arn: str


class ShownViewEnvironment(msgspec.Struct, frozen=True):
    """Of the function that shows a view, besides what its consumer needs."""

    scratch_bucket: str
    rebuild_machine_arn: str


class ChangedViewEnvironment(msgspec.Struct, frozen=True):
    """Of the function by which operators change a view, besides what its consumer needs."""

    rebuild_machine_arn: str
    batch_seconds: int
    """How long a projector's batch may be at work."""
