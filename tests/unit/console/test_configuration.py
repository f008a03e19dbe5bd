"""Services tell of their configuration: one that is silent takes nothing from the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.adapters.owners_configuration import configuration
from console.adapters.published_reads import ServiceCard
from console.ports import Unanswered
from tests.support import console_configuration as recorded
from tests.support.console_contract import problems

OWNERS = {it["service"]: it for it in recorded.configuration()}


def card(name: str, arn: str | None) -> ServiceCard:
    return ServiceCard(
        name=name, owner="", purpose="", source="", runbook=None, api=False, says=[], takes=[],
        reads_log=False, views=[], consumers=[], show={}, fields={}, configuration=arn,
    )  # fmt: skip


class Functions:
    """Owners as they answer; one raises."""

    def ask(self, arn: str, request: Mapping[str, Any]) -> Any:
        assert request == {}
        if arn == "shipping":
            raise Unanswered("its function failed")
        if arn == "odd":
            return {"profiles": []}
        return {name: value for name, value in OWNERS[arn].items() if name != "service"}


def told(*names: str) -> list[dict[str, Any]]:
    cards = [card("inventory", None), *(card(name, name) for name in names)]
    return configuration(Functions(), cards)


def test_a_silent_owner_takes_nothing_from_the_others() -> None:
    orders, shipping = told("orders", "shipping")
    assert orders["profiles"] == OWNERS["orders"]["profiles"]
    assert (shipping["problem"], shipping["profiles"]) == ("its function failed", [])


def test_what_is_told_is_what_the_contract_says() -> None:
    for service in told("orders", "payments", "shipping"):
        assert problems("ConfiguredService", service) == []


def test_who_has_no_configuration_is_not_asked() -> None:
    assert told() == []
