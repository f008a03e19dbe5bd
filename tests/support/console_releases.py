"""What the console's API answers about releases, as it was seen to answer; for tests alone."""

from __future__ import annotations

from tests.support.console_answers import Document, moment


def observation(reason: str, **changed: object) -> Document:
    """A new version's tenth of the calls, with every other one failing."""
    return {
        "at": moment(7290),
        "phase": "canary",
        "next": "roll-back",
        "reason": reason,
        "weight": 10,
        "seconds": 5.2,
        "old": {"calls": 1350, "failed": 1, "slow_ms": 12.5},
        "new": {"calls": 148, "failed": 71, "slow_ms": 14.0},
        **changed,
    }


def release(version: str, state: str, reason: str | None = None, at: float = 7000) -> Document:
    """One of pricing."""
    ended = None if state == "running" else moment(at + 60)
    return {
        "service": "pricing",
        "version": version,
        "began_at": moment(at),
        "ended_at": ended,
        "state": state,
        "reason": reason,
    }


def releases() -> Document:
    """One was taken back after one that was promoted."""
    return {
        "services": [{"service": "pricing", "runs_on": "envoy"}],
        "releases": [
            release("v3", "rolled back", "calls-fail", 7200),
            release("v2", "promoted", None, 7000),
            release("v1", "refused", "The release was not begun", 6900),
        ],
        "seen": observation("calls-fail"),
        "judged": observation("calls-fail"),
        "capped": False,
    }


def nowhere() -> Document:
    """No service in containers is deployed."""
    services = [{"service": "pricing", "runs_on": None}]
    return {"services": services, "releases": [], "seen": None, "judged": None, "capped": False}
