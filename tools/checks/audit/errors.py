"""What can go wrong while templates are audited."""


class AuditError(Exception):
    """The audit could not be made; the message says why and what to do."""
