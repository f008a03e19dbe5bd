"""Configuration as the console's API tells it, for the screens' own tests."""

from __future__ import annotations

from typing import Any

from contracts.product import PRODUCT
from tests.support.console_answers import Document, moment

COMMIT = "4f0c2d9a17b3e86f5512cc0d9e7a41b86d2f3a90"
SHA256 = "9b2c7d1e" * 8
REFUSES = f"{PRODUCT}-dev-orders-ConfigurationRefused05CBDDCC-1A2B"
FAILS = f"{PRODUCT}-dev-orders-RequestsFail3F1C9A77-3C4D"


def version(number: int, **changed: Any) -> Document:
    """One that `config-apply` made."""
    return {"version": str(number), "label": None, "commit": COMMIT, "sha256": SHA256, **changed}


def served(number: int, **changed: Any) -> Document:
    """One that everybody has."""
    return {
        **version(number),
        "since": moment(-3600),
        "as_described": True,
        "refused": [],
        **changed,
    }


def rollout(number: int, state: str = "complete", percent: float = 100, **changed: Any) -> Document:
    """A watched one."""
    return {
        "number": number,
        "version": str(number),
        "commit": COMMIT,
        "state": state,
        "under_way": state in ("deploying", "baking", "validating", "rolling_back"),
        "percent": percent,
        "strategy": "watched",
        "step_percent": 20,
        "minutes": 10,
        "bake_minutes": 10,
        "started_at": moment(7000),
        "ended_at": moment(7200) if state in ("complete", "rolled_back", "reverted") else None,
        "ended_by": None,
        "reason": None,
        **changed,
    }


def profile(name: str, number: int, **changed: Any) -> Document:
    """One that agrees with git."""
    return {
        "profile": name,
        "kept": version(number),
        "served": served(number),
        "rollout": rollout(number),
        **changed,
    }


def service(name: str, *profiles: Document, **changed: Any) -> Document:
    """One whose owner answers."""
    return {
        "service": name,
        "problem": None,
        "profiles": list(profiles),
        "alarms": [FAILS, REFUSES],
        "refused": [],
        "refused_capped": False,
        "refused_hours": 24,
        **changed,
    }


def refusal(profile: str, path: str, rule: str, found: str) -> Document:
    """One that the validator noted."""
    return {
        "at": moment(7100),
        "profile": profile,
        "version": "5",
        "path": path,
        "rule": rule,
        "found": found,
    }


def configuration() -> list[Document]:
    """A rollout that is under way, one that an alarm took back, and an owner that is silent."""
    return [
        service(
            "orders",
            profile(
                "settings",
                4,
                kept=version(5, label="black-friday"),
                rollout=rollout(5, "deploying", 40),
            ),
            profile("flags", 2),
        ),
        service(
            "payments",
            profile(
                "settings",
                3,
                kept=version(4),
                rollout=rollout(4, "rolled_back", 60, ended_by="alarm", reason=FAILS),
            ),
            profile("flags", 1, served=None, kept=None, rollout=None),
            refused=[
                refusal("settings", "/provider_timeout_seconds", "a number of at most 60", "90"),
                refusal("settings", "/provider_timeout", "no unknown field", "2.0"),
            ],
        ),
        service("shipping", problem="no answer within 5 seconds", alarms=[], refused_hours=0),
    ]
