"""The intake's environment."""

from functools import cache

import msgspec

from shared.runtime import settings


class IntakeSettings(msgspec.Struct, frozen=True):
    """What the intake needs."""

    event_stream_arn: str
    seen_table: str
    dead_letters_url: str
    message_sources: str
    """JSON: by type of fact, from whom it counts."""


@cache
def for_intake() -> IntakeSettings:
    """The settings of the intake."""
    return settings.load(IntakeSettings)
