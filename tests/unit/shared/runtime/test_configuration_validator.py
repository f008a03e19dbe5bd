"""The validator that AppConfig calls before it deploys: the judgement of the consumer itself."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from shared.runtime.configuration import Profile, Refused, Violation
from shared.runtime.configuration_validator import validator


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    most_items: int = 50


class Flag(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    enabled: bool = False
    percent: int = 0


class Flags(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    open_late: Flag = Flag()


def _at_most_a_hundred(flags: Flags) -> list[Violation]:
    percent = flags.open_late.percent
    return [Violation("/open-late/percent", "at most 100", percent)] if percent > 100 else []


SETTINGS = Profile("settings", Settings)
FLAGS = Profile("flags", Flags, check=_at_most_a_hundred)


def judge(content: bytes, *profiles: Profile[Any]) -> None:
    """As AppConfig does, which sets the caller's error when the function raises."""
    event: Mapping[str, str] = {
        "applicationId": "a1b2c3d",
        "configurationProfileId": "p1b2c3d",
        "configurationVersion": "2",
        "content": base64.b64encode(content).decode(),
        "contentType": "application/json",
        "uri": "hosted",
    }
    validator(profiles or (SETTINGS, FLAGS))(event, None)


def stored(values: Any) -> bytes:
    """Flags as AppConfig keeps them."""
    flags = {"open-late": {"name": "open-late", "attributes": {"percent": {}}}}
    return json.dumps({"version": "1", "flags": flags, "values": values}).encode()


def test_right_settings_and_right_flags_are_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    judge(b'{"most_items": 1}')
    judge(stored({"open-late": {"enabled": True, "percent": 10}}))
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(it["profile"], it["version"]) for it in said] == [("settings", "2"), ("flags", "2")]


def test_settings_of_a_wrong_form_are_refused() -> None:
    with pytest.raises(Refused, match=r"settings: /most_items: Expected `int`, got `str`"):
        judge(b'{"most_items": "many"}')


def test_flags_that_make_no_sense_are_refused() -> None:
    with pytest.raises(Refused, match="flags: /open-late/percent: at most 100; found 101"):
        judge(stored({"open-late": {"enabled": True, "percent": 101}}))


def test_what_appconfig_notes_beside_a_flag_is_no_attribute() -> None:
    judge(stored({"open-late": {"enabled": True, "_createdAt": "2026-11-22T09:00:00.000Z"}}))


@pytest.mark.parametrize(
    "values",
    [{"open-late": 1}, {"open-late": None}, {"openlate": {"enabled": True}}, [], "x", 7],
    ids=["a number", "null", "an unknown flag", "a list", "a text", "no object"],
)
def test_values_that_are_no_flags_are_refused(values: Any) -> None:
    with pytest.raises(Refused):
        judge(stored(values))


def test_flags_of_a_service_that_has_none_are_refused() -> None:
    with pytest.raises(Refused, match="this service has none"):
        judge(stored({}), SETTINGS)


def test_a_document_that_says_two_things_is_refused() -> None:
    content = stored({"open-late": {"enabled": True}})
    judge(content)
    with pytest.raises(Refused, match="a name twice"):
        judge(content[:-1] + b', "version": "1"}')


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"\xff\xfe", b"[" * 100_000, b'{"version": "1", "x": 0}']
)
def test_what_is_neither_is_refused_as_settings(content: bytes) -> None:
    with pytest.raises(Refused, match="settings"):
        judge(content)
