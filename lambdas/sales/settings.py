"""Sales' environment."""

from functools import cache

import msgspec

from shared.runtime import settings


class QuerySettings(msgspec.Struct, frozen=True):
    """What the query function needs."""

    sales_table: str


class ProjectorSettings(msgspec.Struct, frozen=True):
    """What the projector needs."""

    sales_table: str
    parked_table: str
    read_events_arn: str


class RebuildSettings(msgspec.Struct, frozen=True):
    """What a rebuild needs besides what the projector needs."""

    archive_bucket: str
    scratch_bucket: str
    event_stream_arn: str


@cache
def for_queries() -> QuerySettings:
    """The settings of the query function."""
    return settings.load(QuerySettings)


@cache
def for_projector() -> ProjectorSettings:
    """The settings of the projector."""
    return settings.load(ProjectorSettings)


@cache
def for_rebuild() -> RebuildSettings:
    """The settings of the rebuild."""
    return settings.load(RebuildSettings)
