"""What audit needs of the outside world."""

from typing import Protocol

from audit.domain.forbidden_change import ForbiddenChange


class Guarded(Protocol):
    """What nobody may change. Each method may be repeated, and changes nothing that is right."""

    def start_logging(self) -> None:
        """Let the trail record again."""

    def restore_policy(self, bucket: str) -> None:
        """Give a bucket the policy that it was deployed with.

        Raises:
            NotGuarded: no policy is kept for the bucket.
        """

    def keep_key(self, key_arn: str) -> None:
        """Take back a key's deletion, and let it be used."""


class NotGuarded(Exception):
    """There is nothing by which the change could be undone."""


class Operators(Protocol):
    """Those who look at what nobody may change."""

    def tell(self, change: ForbiddenChange, outcome: str) -> None:
        """Say what was changed, by whom, and what has become of it."""
