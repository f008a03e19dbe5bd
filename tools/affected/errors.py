"""What can keep a difference from being told, said to a person."""

from tools.base.errors import OfflineError


class NoDifference(OfflineError):
    """Git cannot say what has changed: no repository, no such base, no common history."""


class NothingRecorded(OfflineError):
    """No run of the tests has written down how long they take."""
