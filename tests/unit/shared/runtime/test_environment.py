"""The typed loader: a service that lacks a variable stops at once, and says which."""

import msgspec
import pytest

from shared.runtime.environment import MissingVariable, forget, load


class ShopEnvironment(msgspec.Struct, frozen=True):
    table_name: str
    page_size: int
    queue_url: str
    verbose: bool = False


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    forget()
    for name, value in {"TABLE_NAME": "t", "PAGE_SIZE": "20", "QUEUE_URL": "q"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("VERBOSE", raising=False)


def test_variables_are_read_with_their_types() -> None:
    assert load(ShopEnvironment) == ShopEnvironment("t", 20, "q", verbose=False)


def test_every_missing_key_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TABLE_NAME")
    monkeypatch.delenv("QUEUE_URL")
    with pytest.raises(MissingVariable, match=r"TABLE_NAME, QUEUE_URL$"):
        load(ShopEnvironment)


def test_a_default_may_be_left_out_or_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERBOSE", "true")
    assert load(ShopEnvironment).verbose


def test_a_variable_of_the_wrong_type_stops_the_service_and_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PAGE_SIZE", "many")
    with pytest.raises(MissingVariable, match=r"PAGE_SIZE: Expected `int`"):
        load(ShopEnvironment)


def test_the_environment_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(ShopEnvironment)
    monkeypatch.setenv("TABLE_NAME", "another")
    assert load(ShopEnvironment) is first
    forget()
    assert load(ShopEnvironment).table_name == "another"
