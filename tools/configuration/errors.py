"""What can go wrong, said to whoever changes a document: printed without a stack trace."""

from __future__ import annotations

from collections.abc import Iterable

from tools.configuration.problems import Problem


class ConfigurationError(Exception):
    """The message says what to do; nothing more than it says was deployed."""


class UnknownName(ConfigurationError):
    """There is no such service or environment."""


class NotValid(ConfigurationError):
    """A document does not pass: nothing was deployed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class NotDeployed(ConfigurationError):
    """A service's stack, or its part that takes configuration, is not there."""


class NotInGit(ConfigurationError):
    """A document would go to an account and is not what a commit says."""


class HistoryUnknown(ConfigurationError):
    """Git cannot tell which commit a document comes from."""


class Busy(ConfigurationError):
    """Another deployment is under way in the environment."""


class NotCompleted(ConfigurationError):
    """A deployment did not reach everybody: rolled back, stopped, or still under way."""
