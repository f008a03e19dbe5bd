"""Which fault the next request gets, as tests and demonstrations have asked for it."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args

Kind = Literal["latency", "timeout", "error", "lost-answer", "decline", "short-lived", "untraced"]


class InvalidFault(Exception):
    """There is no such fault; says what is wrong with it."""


@dataclass(slots=True)
class Fault:
    """A rule for requests that match; what is None matches any.

    latency      wait `seconds`, then do the work and answer (the client may be gone by then)
    timeout      wait `seconds`, then close the connection; the work is not done
    error        answer `status`, 500 if it is not given; the work is not done
    lost-answer  do the work, then close the connection without a word
    decline      authorize: decline for `reason`
    short-lived  authorize: the authorization expires after `seconds`
    untraced     the request's trace context is lost on the way; the work is done

    `times` is for how many requests it holds, None for all until it is taken away. `every` 2 is for
    each second of those that match. `name` is how it can be taken away alone.
    """

    kind: Kind
    operation: str | None = None
    reference: str | None = None
    amount: int | None = None
    times: int | None = None
    seconds: float = 0.0
    status: int = 500
    reason: str = "insufficient-funds"
    every: int = 1
    name: str | None = None
    matched: int = field(default=0, init=False)
    """How many requests it would have been for, those that `every` passed over included."""

    @classmethod
    def of(cls, document: Any) -> Fault:
        """From its JSON.

        Raises:
            InvalidFault: a kind or a field that there is not.
        """
        if not isinstance(document, dict) or document.get("kind") not in get_args(Kind):
            raise InvalidFault(f"kind must be one of {', '.join(get_args(Kind))}")
        if unknown := set(document) - {it.name for it in fields(cls) if it.init}:
            raise InvalidFault(f"a fault has no {', '.join(sorted(unknown))}")
        return cls(**document)

    def matches(self, operation: str, reference: str, amount: int) -> bool:
        """Whether it holds for this request."""
        return (
            self.operation in (None, operation)
            and self.reference in (None, reference)
            and self.amount in (None, amount)
            and (self.kind not in ("decline", "short-lived") or operation == "authorize")
        )


@dataclass
class Faults:
    """The rules in force; the first that matches is the one."""

    rules: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> None:
        """One more rule, after the others."""
        with self._lock:
            self.rules.append(fault)

    def remove(self, name: str) -> None:
        """No rule of that name any more; the others stay."""
        with self._lock:
            self.rules[:] = [it for it in self.rules if it.name != name]

    def clear(self) -> None:
        """No rule at all."""
        with self._lock:
            self.rules.clear()

    def next(self, operation: str, reference: str, amount: int) -> Fault | None:
        """The fault of this request; one that has been used up goes away."""
        with self._lock:
            for fault in self.rules:
                if fault.matches(operation, reference, amount):
                    fault.matched += 1
                    if fault.matched % fault.every:
                        continue
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times <= 0:
                            self.rules.remove(fault)
                    return fault
        return None

    def document(self) -> list[dict[str, Any]]:
        """The rules in force, as JSON has them."""
        with self._lock:
            return [asdict(fault) for fault in self.rules]
