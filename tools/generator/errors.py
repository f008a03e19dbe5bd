"""Why no service was made or removed: each message says what to do instead."""

from tools.base.errors import OfflineError


class GeneratorError(OfflineError):
    """Nothing was written."""


class NameRefused(GeneratorError):
    """No service can be called so."""


class InTheWay(GeneratorError):
    """Files that would be written are there already."""


class StillRead(GeneratorError):
    """Others use what would be removed."""
