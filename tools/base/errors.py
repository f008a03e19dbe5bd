"""What can go wrong in a command, said to a person: printed without a stack trace."""


class OfflineError(Exception):
    """A fault that the user can act on; `evidence` holds lines that show what happened."""

    def __init__(self, message: str, evidence: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.evidence = evidence


class OperationFailed(Exception):
    """The operator can act on the message."""


class FunctionFailed(OperationFailed):
    """A function raised an error of this `kind`, such as ``PointerMoved``, with this `reason`."""

    def __init__(self, function: str, kind: str, reason: str) -> None:
        super().__init__(f"{function}: {kind}: {reason}")
        self.kind = kind
        self.reason = reason


def in_words(error: Exception) -> str:
    """An error for a person: of a file as `/nope/map.md: No such file or directory`."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


class NotLoopbackError(OfflineError):
    """Someone tried to talk to an endpoint that is not on this machine."""


class WorkspaceBusyError(OfflineError):
    """Another command is at work in this workspace."""


class EmulatorError(OfflineError):
    """The emulator is not installed, did not start, or is not running."""


class SynthesisError(OfflineError):
    """Building the packages or synthesizing the templates failed."""


class ParityError(OfflineError):
    """Templates, emulator and the parity ledger disagree about what runs offline."""


class DeploymentError(OfflineError):
    """A stack could not be deployed to the emulator."""


class TokenError(OfflineError):
    """A demo user could not be given a token."""
