"""Plans of changes: what an operator is shown before one, and brings back to have it done.

A digest is no secret: whoever makes one up may do anyway what it is for. It finds a plan that was
made for somebody or something else, is over, or has been overtaken by what happened since.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Scalar = str | int | float | bool | None


class Overtaken(Exception):
    """The plan cannot be confirmed; the text says why, and whoever planned has to look again."""


class NothingToChange(Exception):
    """There is nothing to plan; the text says why."""


class NoSuchTarget(Exception):
    """There is nothing of that name: ``what`` is of which kind, such as ``consumer``."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(name)
        self.what = what


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants to change what: the operator's id, and the request as JSON has it."""

    operator_id: str
    action: str
    target: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a change would do now, in sentences and items, of which ``capped`` says whether some are
    left out. ``state`` is what it depends on, as JSON has it: another state is another plan.
    """

    does: Sequence[str]
    items: Sequence[Mapping[str, Scalar]]
    capped: bool
    state: Any


@dataclass(frozen=True, slots=True)
class Plan:
    """A wish with what would be done at one time, and can be confirmed until another (RFC 3339)."""

    as_of: str
    expires_at: str
    wish: Wish
    outlook: Outlook

    @property
    def digest(self) -> str:
        """64 hexadecimal digits, bound to everything that the plan says but its words."""
        return _digest(self.wish, self.outlook.state, self.expires_at)


def check(digest: str | None, wish: Wish, state: Any, expires_at: str) -> None:
    """Whether a plan with that digest is of this wish, and of this state.

    Raises:
        Overtaken: it is not.
    """
    if digest is None:
        raise Overtaken("there is no plan: ask for one first")
    if not hmac.compare_digest(digest.encode(), _digest(wish, state, expires_at).encode()):
        raise Overtaken(
            "what it depends on has changed since, or the plan is somebody else's or of "
            "something else"
        )


def _digest(wish: Wish, state: Any, expires_at: str) -> str:
    bound = [wish.operator_id, wish.action, wish.target, wish.parameters, state, expires_at]
    return hashlib.sha256(json.dumps(bound, sort_keys=True).encode()).hexdigest()
