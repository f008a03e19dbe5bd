"""The one port through which a release is led, wherever its versions run."""

from collections.abc import Mapping
from typing import Any, Protocol

from releases.domain.progress import Sight

Handle = Mapping[str, Any]
"""What an adapter has to know of its release the next time it is asked: JSON, for the machine."""


class Refused(Exception):
    """A release does not begin; the message is the reason, such as ``release-in-progress``."""


class CanaryFailed(Exception):
    """A step did not do what it was to do, or nobody knows whether it did: roll back."""


class Canary(Protocol):
    """A service whose calls two versions can share.

    Each step raises CanaryFailed if it is not known to have been taken. All may be repeated.
    """

    def check(self, version: str) -> None:
        """Refuse what cannot be released now. Raises Refused."""

    def start(self, version: str) -> Handle:
        """Bring the new version up beside the old one, without calls."""

    def look(self, handle: Handle) -> Sight:
        """What is seen of it now."""

    def go_on(self, handle: Handle, sight: Sight) -> Handle:
        """Give it a share; if it has one, all calls."""

    def roll_back(self, handle: Handle) -> None:
        """Give all calls to the old version, whatever was done before, if anything was."""


class Executions(Protocol):
    """Releases that are under way."""

    def before(self, service: str, execution: str) -> str | None:
        """The execution of the same service that began before this one, if there is one."""
