"""What shipping can be told, and what it refuses to be told."""

from typing import Any

import pytest

from shared.runtime.configuration import Profile, Refused
from shipping.configuration import FLAGS, SETTINGS, Flags, Settings, asked

EVERYBODY = ("aquila-express", "heron-freight", "tern-post")


def refusals(profile: Profile[Any], document: bytes) -> list[tuple[str, object]]:
    """Paths and values of what is wrong with it."""
    with pytest.raises(Refused) as refused:
        profile.read(document)
    return [(it.pointer, it.value) for it in refused.value.violations]


def test_without_any_document_every_carrier_has_ten_seconds() -> None:
    assert SETTINGS.read(b"{}") == Settings(quote_deadline_seconds=10, carriers=EVERYBODY)
    assert asked(SETTINGS.read(b"{}"), FLAGS.read(b"{}")) == set(EVERYBODY)


def test_only_the_carriers_of_the_settings_are_asked() -> None:
    settings = SETTINGS.read(b'{"carriers": ["tern-post"]}')
    assert asked(settings, Flags()) == {"tern-post"}


@pytest.mark.parametrize(("enabled", "rest"), [("true", EVERYBODY[:2]), ("false", EVERYBODY)])
def test_a_paused_carrier_is_not_asked(enabled: str, rest: tuple[str, ...]) -> None:
    document = f'{{"pause-carrier": {{"enabled": {enabled}, "carrier": "tern-post"}}}}'
    assert asked(Settings(), FLAGS.read(document.encode())) == set(rest)


def test_a_flag_that_is_off_needs_no_carrier() -> None:
    assert FLAGS.read(b'{"pause-carrier": {"enabled": false}}') == Flags()


def test_an_unknown_carrier_is_refused() -> None:
    settings = b'{"carriers": ["tern-post", "osprey-air"]}'
    assert refusals(SETTINGS, settings) == [("/carriers/1", "osprey-air")]
    flags = b'{"pause-carrier": {"enabled": true, "carrier": "osprey-air"}}'
    assert refusals(FLAGS, flags) == [("/pause-carrier/carrier", "osprey-air")]


def test_an_unknown_carrier_is_refused_before_anybody_switches_it_on() -> None:
    flags = b'{"pause-carrier": {"enabled": false, "carrier": "osprey-air"}}'
    assert refusals(FLAGS, flags) == [("/pause-carrier/carrier", "osprey-air")]


def test_a_pause_of_nobody_in_particular_is_refused() -> None:
    assert refusals(FLAGS, b'{"pause-carrier": {"enabled": true}}') == [
        ("/pause-carrier/carrier", "")
    ]


@pytest.mark.parametrize("seconds", [120, 900])
def test_a_deadline_that_outlasts_the_saga_is_refused(seconds: int) -> None:
    document = f'{{"quote_deadline_seconds": {seconds}}}'.encode()
    assert refusals(SETTINGS, document) == [("/quote_deadline_seconds", seconds)]


@pytest.mark.parametrize(
    ("document", "where"),
    [
        (b'{"quote_deadline_seconds": 0}', "/quote_deadline_seconds"),
        (b'{"quote_deadline_seconds": 901}', "/quote_deadline_seconds"),
        (b'{"quote_deadline_seconds": 10.5}', "/quote_deadline_seconds"),
        (b'{"carriers": []}', "/carriers"),
        (b'{"carriers": "tern-post"}', "/carriers"),
        (b'{"carriers": ["tern-post", 5]}', "/carriers/1"),
        (b'{"carriers": ["tern-post", "tern-post"]}', "/carriers/1"),
        (b'{"deadline": 10}', "/deadline"),
    ],
)
def test_a_document_of_another_form_is_refused(document: bytes, where: str) -> None:
    assert [pointer for pointer, _ in refusals(SETTINGS, document)] == [where]
