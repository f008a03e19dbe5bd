"""What goes wrong at the payment provider: it declines, or it is gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.local.faults.deployed import Deployed

_RULES: Mapping[str, Mapping[str, Any]] = {
    "next": {"times": 1},
    "next-five": {"times": 5},
    "every-second": {"every": 2},
    "all": {},
}


class DeclinedPayment:
    """Both providers decline, so that a failover that is under way changes nothing."""

    NAME = "console-declines"
    choices = tuple(_RULES)

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed
        self._before = 0

    def cause(self, choice: str) -> None:
        """They decline what the choice says, until it is undone."""
        self._before = self._declined()
        for provider in self._deployed.providers:
            provider.add_fault("decline", name=self.NAME, **_RULES[choice])

    def undo(self) -> None:
        """They decline nothing any more that was ordered here."""
        for provider in self._deployed.providers:
            provider.remove_fault(self.NAME)

    def effect(self) -> str:
        """How many payments were declined since."""
        return f"payments declined since: {self._declined() - self._before}"

    def _declined(self) -> int:
        return sum(it.ledger()["declined"] for it in self._deployed.providers)


class ProviderDown:
    """A provider closes each connection without an answer, and does nothing."""

    NAME = "console-is-down"
    choices = ("primary", "backup")

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed

    def cause(self, choice: str) -> None:
        """It answers nobody, until it is undone."""
        for provider in self._deployed.providers:
            if provider.name == choice:
                provider.add_fault("timeout", name=self.NAME, seconds=0)

    def undo(self) -> None:
        """All of them answer."""
        for provider in self._deployed.providers:
            provider.remove_fault(self.NAME)

    def effect(self) -> str:
        """How many requests got no answer."""
        rules = [rule for it in self._deployed.providers for rule in it.faults()]
        asked = sum(rule["matched"] for rule in rules if rule["name"] == self.NAME)
        return f"requests without an answer: {asked}"
