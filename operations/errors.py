"""What can go wrong, said to an operator: printed without a stack trace."""


class OperationFailed(Exception):
    """The operator can act on the message."""
