"""Audit's environment."""

import msgspec


class ReactionEnvironment(msgspec.Struct, frozen=True):
    """What is put back, and where operators and failures are told."""

    trail_arn: str
    bucket_policies: str
    """JSON: by the name of a bucket, its policy as it was deployed."""
    operations_topic_arn: str
    dead_letters_url: str
    queue_url: str
    queue_attempts: int
