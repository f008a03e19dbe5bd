"""A version is judged by failures, latency against the old one, and by whether it was asked."""

from __future__ import annotations

import math
import random

import pytest

from releases.domain.judgement import Figures, Standard, Verdict, evidence, judge

STANDARD = Standard()
SOUND = Figures(2000, 0, 10.0)


def judged(new: Figures, seconds: float = 10, old: Figures = SOUND) -> tuple[Verdict, str]:
    found = judge(old, new, seconds, STANDARD)
    return found.verdict, found.reason


def test_a_sound_version_goes_on_when_it_was_seen_for_long_enough() -> None:
    assert judged(Figures(193, 0, 11.0)) == (Verdict.CONTINUE, "sound")
    assert judged(Figures(193, 0, 11.0), seconds=3) == (Verdict.WAIT, "too-soon")
    assert judged(Figures(192, 0, 11.0)) == (Verdict.WAIT, "doubtful"), "too few to be sure"
    assert judged(Figures(149, 0, 11.0)) == (Verdict.WAIT, "too-few-calls")


def test_without_traffic_nothing_is_ever_promoted() -> None:
    for calls in (0, 1, 149, 192):
        for seconds in range(600):
            verdict, _ = judged(Figures(calls, 0, 5.0 if calls else None), seconds)
            assert verdict is not Verdict.CONTINUE
    assert judged(Figures(0), seconds=60) == (Verdict.ROLL_BACK, "no-traffic")


@pytest.mark.parametrize(
    ("calls", "failed"), [(3, 3), (5, 4), (59, 4), (100, 5), (1000, 22), (0, 4)]
)
def test_failures_beyond_chance_are_told_at_once(calls: int, failed: int) -> None:
    assert judged(Figures(calls, failed, 9.0), seconds=0.4) == (Verdict.ROLL_BACK, "calls-fail")


def test_a_failure_or_two_say_nothing() -> None:
    for failed in (1, 2):
        assert judged(Figures(failed, failed, 9.0), seconds=0.2)[0] is Verdict.WAIT


def test_failures_that_are_neither_chance_nor_proof_are_waited_for() -> None:
    assert judged(Figures(193, 1, 9.0)) == (Verdict.WAIT, "doubtful")
    assert judged(Figures(193, 1, 9.0), seconds=60) == (Verdict.ROLL_BACK, "calls-fail")
    assert judged(Figures(600, 2, 9.0)) == (Verdict.CONTINUE, "sound")


def test_who_fails_as_the_old_version_does_is_not_to_blame() -> None:
    old = Figures(9000, 450, 10.0)
    assert judged(Figures(1000, 50, 10.0), old=old) == (Verdict.CONTINUE, "sound")
    assert judged(Figures(1000, 120, 10.0), old=old) == (Verdict.ROLL_BACK, "calls-fail")
    broken = Figures(9000, 9000, 10.0)
    assert judged(Figures(1000, 700, 10.0), old=broken)[0] is Verdict.ROLL_BACK


def test_slower_than_the_old_one_at_the_same_time_is_too_slow() -> None:
    assert judged(Figures(193, 0, 80.0)) == (Verdict.ROLL_BACK, "too-slow")
    assert judged(Figures(193, 0, 30.0)) == (Verdict.CONTINUE, "sound"), "milliseconds are noise"
    slow = Figures(2000, 0, 400.0)
    assert judged(Figures(193, 0, 500.0), old=slow)[0] is Verdict.CONTINUE, "both are slow"
    assert judged(Figures(193, 0, 601.0), old=slow)[0] is Verdict.ROLL_BACK
    assert judged(Figures(19, 0, 80.0))[0] is Verdict.WAIT, "too few to be timed"


def test_evidence_is_the_ratio_of_both_likelihoods() -> None:
    for calls, failed in ((10, 0), (10, 3), (3, 3)):
        fits = [
            share**failed * (1 - share) ** (calls - failed)
            for share in (STANDARD.harmful, STANDARD.usual)
        ]
        found = evidence(Figures(calls, failed), STANDARD.usual, STANDARD)
        assert found == pytest.approx(math.log(fits[0] / fits[1]))


@pytest.mark.parametrize(
    ("share", "wrong", "at_most"),
    [
        (STANDARD.usual, Verdict.ROLL_BACK, STANDARD.blamed),
        (STANDARD.harmful, Verdict.CONTINUE, STANDARD.missed),
        (0.05, Verdict.CONTINUE, STANDARD.missed),
    ],
)
def test_both_mistakes_are_as_rare_as_the_standard_says_whoever_looks_how_often(
    share: float, wrong: Verdict, at_most: float
) -> None:
    """Not sampled, but reckoned: all ways of 1,500 calls, looked at after each of them."""
    ways, mistaken, undecided = {0: 1.0}, 0.0, 1.0
    for calls in range(1, 1500):
        more: dict[int, float] = {}
        for failed, chance in ways.items():
            more[failed] = more.get(failed, 0.0) + chance * (1 - share)
            more[failed + 1] = more.get(failed + 1, 0.0) + chance * share
        verdicts = {it: _verdict_on(calls, it) for it in more}
        mistaken += sum(chance for it, chance in more.items() if verdicts[it] is wrong)
        ways = {it: chance for it, chance in more.items() if verdicts[it] is Verdict.WAIT}
        undecided = sum(ways.values())
    assert mistaken <= at_most
    assert undecided < 0.001


def _verdict_on(calls: int, failed: int) -> Verdict:
    return judge(SOUND, Figures(calls, failed, 9.0), 10, STANDARD).verdict


def test_a_version_that_fails_five_of_a_hundred_calls_is_found_in_time() -> None:
    """15 calls a second, looked at five times a second."""
    dice = random.Random(7)
    found = sorted(_seconds_until_blamed(0.05, dice) for _ in range(200))
    assert found[100] <= 7
    assert found[180] <= 15
    halves = sorted(_seconds_until_blamed(0.5, dice) for _ in range(200))
    assert halves[180] <= 1


def _seconds_until_blamed(share: float, dice: random.Random) -> float:
    calls = failed = 0
    for look in range(60 * 5):
        calls += 3
        failed += sum(dice.random() < share for _ in range(3))
        if judge(SOUND, Figures(calls, failed, 9.0), 0, STANDARD).verdict is Verdict.ROLL_BACK:
            return look / 5
    raise AssertionError("it was never blamed")
