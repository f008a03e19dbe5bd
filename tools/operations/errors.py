"""What can go wrong, said to an operator: printed without a stack trace."""


class OperationFailed(Exception):
    """The operator can act on the message."""


class FunctionFailed(OperationFailed):
    """A function raised an error of this `kind`, such as ``PointerMoved``, with this `reason`."""

    def __init__(self, function: str, kind: str, reason: str) -> None:
        super().__init__(f"{function}: {kind}: {reason}")
        self.kind = kind
        self.reason = reason
