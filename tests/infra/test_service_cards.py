"""Each service publishes a card of itself, and the card says what its template makes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from contracts.operators import shown_fields
from stacks.constructs import service_card
from stacks.constructs.service_card import path_of_cards
from stacks.services import consumers, declared
from stacks.stage import stage_named
from stacks.system import stack_of
from tests.infra.system import CONTEXT, synthesized
from tools.configuration.services import configured
from tools.docgen.services import Service, services_of

DEV = replace(stage_named("dev", "cloud", CONTEXT["region"]), containers=True)
PATH = path_of_cards(DEV)


@pytest.fixture(scope="module")
def cards() -> dict[str, Any]:
    """By service, with references followed."""
    return {
        it.properties["Name"].removeprefix(f"{PATH}/"): json.loads(it.text(it.properties["Value"]))
        for it in synthesized("dev").resources("AWS::SSM::Parameter")
        if it.properties["Name"].startswith(f"{PATH}/")
    }


@pytest.fixture(scope="module")
def services() -> dict[str, Service]:
    return {
        it.name: it
        for it in services_of({n: t.body for n, t in synthesized("dev").templates.items()})
    }


def test_every_service_of_an_environment_has_one_card(cards: dict[str, Any]) -> None:
    expected = {it.name for it in declared() if not it.of_every_environment and _is_here(it)}
    assert set(cards) == expected
    for service in declared():
        if service.name in cards:
            card = cards[service.name]
            assert (card["name"], card["owner"]) == (service.name, service.owner)
            assert card["purpose"] == service.purpose
            assert card["source"] == f"stacks/{service.package}.py"


def _is_here(service: Any) -> bool:
    stack = stack_of(service)
    return stack.is_in(DEV) and stack.region_in(DEV) == DEV.region


def test_a_card_says_what_the_template_makes(
    cards: dict[str, Any], services: dict[str, Service]
) -> None:
    for name, card in cards.items():
        service = services[name]
        heard = {type for types, _ in service.heard() for type in types}
        assert heard & set(shown_fields()) <= set(card["takes"])
        assert card["reads_log"] == bool(service.follows_the_log()), name
        assert card["api"] == bool(service.routes()), name


def test_the_cards_of_orders_and_fulfilment_say_who_talks_to_whom(cards: dict[str, Any]) -> None:
    assert cards["orders"]["says"] == [
        *("CommandReplied", "OrderCancelled", "OrderConfirmed", "OrderPlaced", "OrderRejected"),
    ]
    assert cards["orders"]["takes"] == ["ConfirmOrder", "RejectOrder"]
    assert cards["fulfilment"]["says"] == ["FulfilmentStuck"]
    assert {"OrderPlaced", "CommandReplied"} <= set(cards["fulfilment"]["takes"])
    assert cards["notifications"]["says"] == []


def test_a_card_names_what_operators_may_see_of_what_its_service_says(
    cards: dict[str, Any],
) -> None:
    for card in cards.values():
        assert set(card["fields"]) <= set(card["says"])
        for type, fields in card["fields"].items():
            assert fields == shown_fields()[type]
    said = {type for card in cards.values() for type in card["says"]}
    known = {type for card in cards.values() for type in card["fields"]}
    assert said - known == {"CustomerForgotten"}, "nothing of it may be seen"


def test_each_consumer_of_the_log_can_be_looked_at(cards: dict[str, Any]) -> None:
    shows = {name: arn for card in cards.values() for name, arn in card["show"].items()}
    assert set(shows) == set(consumers())
    for arn in shows.values():
        assert re.fullmatch(r"\{[a-z-]+:\w*Show[0-9A-F]{8}[.]Arn\}", arn)


def test_what_each_consumer_has_parked_can_be_redriven(cards: dict[str, Any]) -> None:
    redrive = {
        name: arn
        for card in cards.values()
        for name, arn in card["change"].get("redrive", {}).items()
    }
    assert set(redrive) == set(consumers())
    for arn in redrive.values():
        assert re.fullmatch(r"\{[a-z-]+:\w*Redrive[0-9A-F]{8}[.]Arn\}", arn)


def test_each_queue_with_dead_letters_can_be_redriven_by_its_owner_alone(
    cards: dict[str, Any],
) -> None:
    owned = {
        (card["name"], name): arn
        for card in cards.values()
        for name, arn in card["change"].get("queue", {}).items()
    }
    assert set(owned) == {
        (it.template.service, re.sub("Queue[0-9A-F]{8}", "", it.id))
        for it in synthesized("dev").resources("AWS::SQS::Queue")
        if "RedrivePolicy" in it.properties and it.template.service in cards
    }
    for (service, _), arn in owned.items():
        assert re.fullmatch(rf"\{{{service}:RedriveQueues[0-9A-F]{{8}}[.]Arn\}}", arn)


def test_who_has_configuration_can_be_looked_at(cards: dict[str, Any]) -> None:
    shows = {name: card.get("configuration") for name, card in cards.items()}
    assert {name for name, arn in shows.items() if arn} == configured().keys()
    for arn in filter(None, shows.values()):
        assert re.fullmatch(r"\{[a-z-]+:ShowConfiguration[0-9A-F]{8}[.]Arn\}", arn)


def test_who_has_configuration_lets_operators_stop_a_rollout(cards: dict[str, Any]) -> None:
    stops = {
        name: arn
        for card in cards.values()
        for name, arn in card["change"].get("configuration", {}).items()
    }
    assert stops.keys() == configured().keys()
    for arn in stops.values():
        assert re.fullmatch(r"\{[a-z-]+:ChangeConfiguration[0-9A-F]{8}[.]Arn\}", arn)


def test_a_card_that_is_too_long_for_a_parameter_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from aws_cdk import App

    from stacks.constructs.service_stack import ServiceStack

    service = next(it for it in declared() if it.name == "orders")
    stack = ServiceStack(App(context=CONTEXT), service, stage=DEV)
    monkeypatch.setattr(service_card, "LONGEST", 200)
    for name in ("show-arn", "redrive-arn"):
        stack.publish(name, "arn:aws:lambda:eu-west-1:1:function:x")
    with pytest.raises(ValueError, match="too long"):
        service_card.publish_card(stack, service)


def test_each_view_can_be_changed_by_its_owner(cards: dict[str, Any]) -> None:
    of_views = {
        name: arn for card in cards.values() for name, arn in card["change"].get("view", {}).items()
    }
    assert set(of_views) == {name for card in cards.values() for name in card["views"]}
    for arn in of_views.values():
        assert re.fullmatch(r"\{[a-z-]+:\w*Change[0-9A-F]{8}[.]Arn\}", arn)
