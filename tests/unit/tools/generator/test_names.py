"""What a service may be called: a name that something in the system cannot have is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.base.workspace import CHECKOUT
from tools.generator.errors import NameRefused
from tools.generator.generate import TEMPLATES, taken
from tools.generator.names import LONGEST, Names, classes_in, owner_of, parse, singular

TAKEN = taken(CHECKOUT)


def named(name: str, templates: Path = TEMPLATES) -> Names:
    return parse(name, templates, TAKEN)


@pytest.mark.parametrize(
    ("name", "item"),
    [
        ("returns", "return"),
        ("gift-cards", "gift-card"),
        ("boxes", "box"),
        ("batches", "batch"),
        ("policies", "policy"),
        ("addresses", "address"),
        ("fleet", "fleet"),
        ("bus", "bus"),
        ("analysis", "analysis"),
        ("gas", "gas"),
        ("ties", "tie"),
    ],
)
def test_one_of_them(name: str, item: str) -> None:
    assert singular(name) == item


def test_every_form_that_templates_use() -> None:
    assert named("gift-cards").forms() == {
        "name": "gift-cards",
        "package": "gift_cards",
        "Plural": "GiftCards",
        "item": "gift_card",
        "Item": "GiftCard",
        "word": "gift card",
        "words": "gift cards",
        "Words": "Gift cards",
        "namespace": "7eee5b42-2f70-5479-84dd-f5541e1a8e28",
    }


def test_the_longest_name_is_taken_and_no_longer_one() -> None:
    assert named("a" * LONGEST).name == "a" * LONGEST
    with pytest.raises(NameRefused, match="25 characters"):
        named("a" * (LONGEST + 1))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "small letters"),
        ("Returns", "try returns"),
        ("gift_cards", "try gift-cards"),
        ("gift--cards", "try gift-cards"),
        ("-returns", "try returns"),
        ("returns-", "try returns"),
        ("2returns", "try returns"),
        ("gift-2cards", "small letters"),
        ("returns\n", "try returns"),
        ("../returns", "try returns"),
        ("r" * 80, "80 characters"),
        ("R" * 80, "small letters"),
        ("rücksendungen", "letters from a to z"),
        ("返品", "letters from a to z"),
        ("returns\u202e", "letters from a to z"),
        ("class", "Python's own"),
        ("match", "Python's own"),
        ("orders", "already"),
        ("orders-language", "published language"),
        ("new-language", "published language"),
        ("order-views", "already"),
        ("shared", "already"),
        ("stacks", "already"),
        ("constructs", "already"),
        ("partitions", "already"),
        ("json", "library"),
        ("calendar", "library"),
        ("boto3", "library"),
        ("pytest", "library"),
        ("aws-returns", "AWS"),
        ("amazon", "AWS"),
        ("envelopes", "class would be Envelope"),
        ("order-view", "already"),
        ("bus-publisher", "already"),
        ("events", "a module of that name"),
        ("commands", "a module of that name"),
        ("nones", "class would be None"),
    ],
)
def test_a_name_that_nothing_can_have_is_refused_with_the_reason(name: str, why: str) -> None:
    with pytest.raises(NameRefused, match=why):
        named(name)


def test_classes_of_the_templates_are_found_and_the_services_own_are_not(tmp_path: Path) -> None:
    (tmp_path / "one.py.jinja").write_text(
        "from shared.messaging.envelope import Envelope\nclass {{ Item }}Store(Protocol): ..."
    )
    assert classes_in(tmp_path) == {"Envelope", "Protocol"}


@pytest.mark.parametrize("owner", ["platform", "team-7", "a" * 39])
def test_an_owner_is_a_teams_name(owner: str) -> None:
    assert owner_of(owner) == owner


@pytest.mark.parametrize(
    "owner",
    [
        *("", " ", "my team", "@x/y", "a" * 40, "Team", "a--b", "-a", "a-"),
        *('a"b', "x\n* @other/all", r"x\n* @other/all", "{{ 7*7 }}", "t\\"),
    ],
)
def test_what_would_be_more_than_a_name_is_no_owner(owner: str) -> None:
    with pytest.raises(NameRefused, match="OWNER="):
        owner_of(owner)
