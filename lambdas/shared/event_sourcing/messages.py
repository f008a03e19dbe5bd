"""A command as a queue's message brings it."""

from shared.event_sourcing.recorded import CommandMetadata, digest
from shared.messaging.envelope import Envelope


def metadata(message: Envelope) -> CommandMetadata:
    """The command's identity: a message that comes again is a repetition."""
    return CommandMetadata(
        key=message.event_id,
        request_hash=digest(message.type, message.data),
        correlation_id=message.correlation_id,
        causation_id=message.event_id,
        traceparent=message.traceparent,
    )
