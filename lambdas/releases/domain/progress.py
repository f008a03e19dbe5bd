"""How far a release is, and what follows from what is seen of it."""

from dataclasses import dataclass
from enum import StrEnum

from releases.domain.judgement import Figures, Judgement, Standard, Verdict, judge

NOTHING = Figures()


class Phase(StrEnum):
    """Where a release is."""

    STARTING = "starting"
    """The new version gets no calls, and is not known to be healthy."""
    READY = "ready"
    """It is healthy, and gets no calls yet."""
    CANARY = "canary"
    """It gets a share."""
    SETTLING = "settling"
    """It was told to take all calls."""
    DONE = "done"
    """It has them all."""
    FAILED = "failed"
    """Whoever runs it has given it up."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen of a release now.

    ``weight`` is the new version's share in percent. ``may_go_on`` is false while whoever owns the
    weights is not ready for the next step. The figures are of the calls since the phase began.
    """

    phase: Phase
    weight: float
    old: Figures = NOTHING
    new: Figures = NOTHING
    healthy: bool = True
    may_go_on: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds for which a phase is waited for."""

    start: float = 30.0
    settle: float = 30.0


class Next(StrEnum):
    """What the state machine does."""

    WAIT = "wait"
    CONTINUE = "continue"
    ROLL_BACK = "roll-back"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Decision:
    """What comes next, and why."""

    next: Next
    reason: str


def decide(sight: Sight, seconds: float, standard: Standard, patience: Patience) -> Decision:
    """What follows ``seconds`` after the phase began. What is not seen in time is rolled back."""
    match sight.phase:
        case Phase.FAILED:
            return Decision(Next.ROLL_BACK, sight.reason or "given-up")
        case Phase.DONE:
            return Decision(Next.DONE, "promoted")
        case Phase.READY:
            return Decision(Next.CONTINUE, "healthy")
        case Phase.STARTING:
            return _until(seconds, patience.start, "never-healthy", "starting")
        case Phase.SETTLING:
            return _until(seconds, patience.settle, "not-settled", "settling")
        case Phase.CANARY:
            return _of_canary(sight, judge(sight.old, sight.new, seconds, standard))


def _of_canary(sight: Sight, judgement: Judgement) -> Decision:
    if not sight.healthy:
        return Decision(Next.ROLL_BACK, "unhealthy")
    if judgement.verdict is Verdict.ROLL_BACK:
        return Decision(Next.ROLL_BACK, judgement.reason)
    if judgement.verdict is Verdict.CONTINUE and sight.may_go_on:
        return Decision(Next.CONTINUE, judgement.reason)
    return Decision(Next.WAIT, judgement.reason)


def _until(seconds: float, patience: float, late: str, meanwhile: str) -> Decision:
    if seconds >= patience:
        return Decision(Next.ROLL_BACK, late)
    return Decision(Next.WAIT, meanwhile)
