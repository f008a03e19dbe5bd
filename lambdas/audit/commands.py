"""Undo a forbidden change where that is possible."""

from audit.domain.forbidden_change import ForbiddenChange, Remedy
from audit.ports import Guarded, NotGuarded


def undo(change: ForbiddenChange, guarded: Guarded) -> bool:
    """Whether the change is undone; False if nothing can undo it.

    Repeated, it does nothing more: what is right already is left as it is.
    """
    try:
        match change.remedy:
            case Remedy.START_LOGGING:
                guarded.start_logging()
            case Remedy.RESTORE_POLICY:
                guarded.restore_policy(change.target)
            case Remedy.KEEP_KEY:
                guarded.keep_key(change.target)
            case Remedy.NONE:
                return False
    except NotGuarded:
        return False
    return True
