"""A change that nobody may make outside a deployment, and what it takes to undo it."""

from dataclasses import dataclass
from enum import Enum


class Remedy(Enum):
    """What undoes a change; ``NONE`` where the change has destroyed what it would take."""

    START_LOGGING = "start-logging"
    RESTORE_POLICY = "restore-policy"
    KEEP_KEY = "keep-key"
    NONE = "none"


REMEDIES = {
    "StopLogging": Remedy.START_LOGGING,
    "PutBucketPolicy": Remedy.RESTORE_POLICY,
    "DeleteBucketPolicy": Remedy.RESTORE_POLICY,
    "ScheduleKeyDeletion": Remedy.KEEP_KEY,
    "DisableKey": Remedy.KEEP_KEY,
}
"""By the name of the API's call. Whatever else is reported can only be told."""


@dataclass(frozen=True, slots=True)
class ForbiddenChange:
    """``call`` was made on ``target`` by ``who``, at ``when``: an RFC 3339 time in UTC.

    ``target`` is the trail's name, the bucket's name, or the ARN of the key or the table.
    ``event_id`` is the one that CloudTrail gave the call: the record is found by it.
    """

    event_id: str
    call: str
    target: str
    who: str
    when: str

    @property
    def remedy(self) -> Remedy:
        """What undoes it."""
        return REMEDIES.get(self.call, Remedy.NONE)
