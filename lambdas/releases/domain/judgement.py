"""Judges a new version by its calls, against those of the old one at the same time.

Failures are judged by Wald's sequential probability ratio test (A. Wald, "Sequential Tests of
Statistical Hypotheses", Annals of Mathematical Statistics 16, 1945). A release is looked at many
times, and a test of a fixed number of calls would be wrong once in many looks. This one may be
asked after every call. It weighs two hypotheses, that a call fails with the usual probability or
with a harmful one:

    evidence = failed * ln(harmful / usual) + answered * ln((1 - harmful) / (1 - usual))

It blames from ``ln((1 - missed) / blamed)`` on and accepts from ``ln(missed / (1 - blamed))`` down.
By Wald's inequalities a version that fails as usual is blamed with a probability of ``blamed`` at
most, and one that fails as often as is harmful is accepted with one of ``missed`` at most, however
often anybody looks. With the numbers below that takes 193 calls without a failure, or four failures
among the first 59 calls. What fails more often than usual and less often than is harmful may be
decided either way; who is still undecided when patience ends is blamed.
"""

import math
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Figures:
    """A version's calls in a while: how many, how many failed by its fault, how slow they were.

    ``slow_ms`` is how many milliseconds all but the slowest twentieth took; None without calls.
    """

    calls: int = 0
    failed: int = 0
    slow_ms: float | None = None

    @property
    def failed_share(self) -> float:
        return self.failed / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class Standard:
    """What a version is held to.

    It needs ``fewest_calls``, within ``patience`` seconds, and at least ``shortest`` seconds under
    observation. ``usual`` is a share of failures (0 to 1) that nobody minds; where the old version
    fails more often, its own share counts. ``harmful`` is the share that must not be promoted, and
    as far above another usual share as above this one. ``blamed`` and ``missed`` are the
    probabilities of both mistakes: see above. It is too slow beyond ``slower`` times the old one's
    milliseconds, and ``slower_ms`` more than them; ``fewest_timed`` calls are needed to say so.
    """

    fewest_calls: int = 150
    shortest: float = 8.0
    patience: float = 60.0
    usual: float = 0.005
    harmful: float = 0.04
    blamed: float = 0.002
    missed: float = 0.001
    slower: float = 1.5
    slower_ms: float = 25.0
    fewest_timed: int = 20


class Verdict(StrEnum):
    """What is to become of a version."""

    WAIT = "wait"
    CONTINUE = "continue"
    ROLL_BACK = "roll-back"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, and why, in a word that stays the same.

    It is ``sound``; not yet known (``too-few-calls``, ``too-soon``, ``doubtful``); or one of
    ``calls-fail``, ``too-slow``, ``no-traffic``.
    """

    verdict: Verdict
    reason: str


def judge(old: Figures, new: Figures, seconds: float, standard: Standard) -> Judgement:
    """Judge the figures of both versions since ``seconds``.

    A fault is told as soon as it is sure. Nobody is found sound without calls.
    """
    weighed = evidence(new, _usual(old, standard), standard)
    if weighed >= math.log((1 - standard.missed) / standard.blamed):
        return Judgement(Verdict.ROLL_BACK, "calls-fail")
    if _is_slow(old, new, standard):
        return Judgement(Verdict.ROLL_BACK, "too-slow")
    asked = new.calls >= standard.fewest_calls
    accepted = weighed <= math.log(standard.missed / (1 - standard.blamed))
    if asked and accepted and seconds >= standard.shortest:
        return Judgement(Verdict.CONTINUE, "sound")
    if seconds >= standard.patience:
        return Judgement(Verdict.ROLL_BACK, _out_of_patience(new, asked))
    if not asked:
        return Judgement(Verdict.WAIT, "too-few-calls")
    return Judgement(Verdict.WAIT, "too-soon" if accepted else "doubtful")


def _out_of_patience(new: Figures, asked: bool) -> str:
    return "calls-fail" if asked and new.failed else "no-traffic"


def _usual(old: Figures, standard: Standard) -> float:
    return min(0.5, max(standard.usual, 1.5 * old.failed_share))


def evidence(new: Figures, usual: float, standard: Standard) -> float:
    """The logarithm of how much better its failures fit what is harmful than what is usual."""
    harmful = usual + standard.harmful - standard.usual
    failed = max(new.failed, 0)
    answered = max(new.calls - failed, 0)  # what was sent before may fail afterwards
    return failed * math.log(harmful / usual) + answered * math.log((1 - harmful) / (1 - usual))


def _is_slow(old: Figures, new: Figures, standard: Standard) -> bool:
    if min(old.calls, new.calls) < standard.fewest_timed:
        return False
    if old.slow_ms is None or new.slow_ms is None:
        return False
    limit = max(standard.slower * old.slow_ms, old.slow_ms + standard.slower_ms)
    return new.slow_ms > limit
