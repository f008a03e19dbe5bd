"""The intake's environment."""

import msgspec


class IntakeEnvironment(msgspec.Struct, frozen=True):
    """What the intake needs."""

    event_stream_arn: str
    seen_table: str
    dead_letters_url: str
    message_sources: str
    """JSON: by type of integration event, from whom it counts."""
