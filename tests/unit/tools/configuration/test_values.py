"""What a value is, its code says: without a meaning it is refused."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest

from shared.runtime.configuration import Profile
from tools.configuration import services, values
from tools.configuration.values import Value


class Settings(msgspec.Struct, frozen=True):
    """An environment."""

    order_table: str
    dead_letters_url: str
    way: Literal["post", "mail"] = "post"
    """How it
    goes out."""


class Later(Settings, frozen=True):
    """An environment with one more."""

    tries: int = 3
    """How often."""


class Flag(msgspec.Struct, frozen=True):
    """A flag."""

    enabled: bool = False
    """Off, nothing happens."""
    share: Annotated[int, msgspec.Meta(ge=0, le=100)] = 7
    """Of a hundred."""


class Flags(msgspec.Struct, frozen=True, rename="kebab"):
    """All flags."""

    new_way: Flag = Flag()
    """A new way."""


class Undocumented(msgspec.Struct, frozen=True):
    """A field says nothing."""

    limit: int = 1


def test_a_variable_is_told_by_its_docstring_or_its_ending() -> None:
    assert list(values.variables(Later)) == [
        Value("ORDER_TABLE", "text", "required", "Name of the order table."),
        Value("DEAD_LETTERS_URL", "text", "required", "Address of the queue of dead letters."),
        Value("WAY", "one of `mail`, `post`", '`"post"`', "How it goes out."),
        Value("TRIES", "whole number", "`3`", "How often."),
    ]


def test_a_flag_is_told_with_its_switch_and_its_attributes() -> None:
    assert list(values.dynamic(Profile("flags", Flags))) == [
        Value(
            "/flags/new-way/enabled",
            "true or false",
            "`false`",
            "A new way. Off, nothing happens.",
        ),
        Value("/flags/new-way/share", "whole number, 0 to 100", "`7`", "Of a hundred."),
    ]


def test_a_value_without_a_meaning_is_refused() -> None:
    with pytest.raises(LookupError, match=r"Undocumented\.limit has no docstring"):
        list(values.variables(Undocumented))
    with pytest.raises(LookupError, match=r"Undocumented\.limit has no docstring"):
        list(values.dynamic(Profile("settings", Undocumented)))


def test_every_value_that_changes_while_it_runs_has_a_default_that_passes() -> None:
    for configured in services.configured().values():
        for profile in configured.profiles:
            assert profile.read(b"{}") == profile.form()
