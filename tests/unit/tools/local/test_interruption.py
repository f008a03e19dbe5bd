"""A command that is told to end does, whatever it is doing just then."""

from __future__ import annotations

import signal
import sys
import time

import pytest

from tools.base import interruption
from tools.base.interruption import Interrupted, interruptible

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_an_exception_with_the_exit_status_that_shells_expect(
    number: signal.Signals,
) -> None:
    before = signal.getsignal(number)
    with pytest.raises(Interrupted) as interrupted, interruptible():
        signal.raise_signal(number)
    assert interrupted.value.status == 128 + number
    assert signal.getsignal(number) is before


@interruptible()
def _interrupted_twice(cleaned: list[str]) -> None:
    try:
        signal.raise_signal(signal.SIGINT)
    finally:
        signal.raise_signal(signal.SIGTERM)
        cleaned.append("all")


def test_what_is_cleaned_up_is_not_interrupted_again() -> None:
    cleaned: list[str] = []
    with pytest.raises(Interrupted) as interrupted:
        _interrupted_twice(cleaned)
    assert (cleaned, interrupted.value.status) == (["all"], 128 + signal.SIGINT)


def test_cleaning_up_that_takes_too_long_can_be_interrupted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(interruption, "CLEANING_SECONDS", 0.0)
    cleaned: list[str] = []
    with pytest.raises(Interrupted) as interrupted:
        _interrupted_twice(cleaned)
    assert (cleaned, interrupted.value.status) == ([], 128 + signal.SIGTERM)


class _InterruptedWhenDestroyed:
    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)


@interruptible()
def _destroy_and_go_on() -> None:
    doomed = _InterruptedWhenDestroyed()
    del doomed
    time.sleep(5)


def test_an_interruption_while_an_object_is_destroyed_is_not_lost() -> None:
    hook = sys.unraisablehook
    with pytest.raises(Interrupted) as interrupted:
        _destroy_and_go_on()
    assert interrupted.value.status == 128 + signal.SIGTERM
    assert sys.unraisablehook is hook


class _FailsWhenDestroyed:
    def __del__(self) -> None:
        raise ValueError("of its own")


def test_another_exception_of_such_an_object_is_told_as_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda it: told.append(str(it.exc_value)))
    doomed = _FailsWhenDestroyed()
    with interruptible():
        del doomed
    assert told == ["of its own"]
