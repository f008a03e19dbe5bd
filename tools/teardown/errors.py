"""What can keep a teardown from starting, said to a person; printed without a stack trace."""


class TeardownError(Exception):
    """Nothing was deleted, and the message says what to do."""


class StillProtected(TeardownError):
    """Termination protection is on, and only a person lifts it."""


class NotConfirmed(TeardownError):
    """The environment's name was not typed."""
