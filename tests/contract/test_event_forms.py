"""What the code accepts and what the schemas allow are the same, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.operators import KEYWORD
from fulfilment.handlers.take_reply import CommandReplied
from inventory.handlers import queued_commands as inventory
from orders.handlers import queued_commands as orders
from payments.handlers import queued_commands as payments
from shared.messaging.envelope import Envelope
from shipping.handlers import forms as shipping
from tests.support.contracts.event_schemas import (
    ENVELOPE,
    data_schema,
    example,
    languages,
    types,
    violations_of,
)
from tests.support.examples.events import FEW, valid_data, valid_messages

NOT_COMPARED = {"title", "description", "format", "default", "examples", KEYWORD}
"""What judges no message. A default only says what a reader makes of a missing field."""

COMMAND_FORMS: dict[str, type[msgspec.Struct]] = {
    form.__name__: form
    for form in (
        *(inventory.ReserveStock, inventory.ReleaseStock),
        *(payments.AuthorizePayment, payments.CapturePayment),
        *(payments.VoidPayment, payments.RefundPayment),
        *(shipping.GatherQuotes, shipping.BookShipment, shipping.CancelShipment),
        *(orders.ConfirmOrder, orders.RejectOrder),
        *(shipping.QuoteRequested, shipping.QuoteOffered, shipping.CloseGathering),
        CommandReplied,
    )
}
ALL_FORMS = {
    **{
        (name, events.current[name]): form
        for events in languages()
        for name, form in events.forms.items()
    },
    **{(name, 1): form for name, form in COMMAND_FORMS.items()},
}
FORM_IDS = [f"{name} v{version}" for name, version in ALL_FORMS]


def test_every_event_command_and_reply_has_a_form_in_the_code() -> None:
    asked = types("event", "command", "reply", "request", "answer", "deadline")
    assert {name for name, _ in ALL_FORMS} == asked


def test_the_envelope_is_the_published_one() -> None:
    assert _canonical(_schema_of(Envelope)) == _canonical(ENVELOPE)


@pytest.mark.parametrize(("message", "form"), ALL_FORMS.items(), ids=FORM_IDS)
def test_a_form_has_the_fields_types_and_bounds_of_its_schema(
    message: tuple[str, int], form: type[msgspec.Struct]
) -> None:
    assert _canonical(_schema_of(form)) == _canonical(data_schema(*message))


@pytest.mark.parametrize(("message", "form"), ALL_FORMS.items(), ids=FORM_IDS)
@FEW
@given(content=st.data())
def test_whatever_a_schema_allows_its_form_accepts(
    message: tuple[str, int], form: type[msgspec.Struct], content: st.DataObject
) -> None:
    msgspec.convert(content.draw(valid_data(*message)), form)


@pytest.mark.parametrize(("message", "form"), ALL_FORMS.items(), ids=FORM_IDS)
def test_what_a_schema_forbids_its_form_refuses(
    message: tuple[str, int], form: type[msgspec.Struct]
) -> None:
    schema, good = data_schema(*message), example(*message)["data"]
    wrong = [it for it in _spoiled(good) if violations_of(schema, it)]
    assert wrong
    for content in wrong:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(content, form)


@pytest.mark.parametrize(("message", "form"), ALL_FORMS.items(), ids=FORM_IDS)
def test_what_a_form_accepts_its_schema_allows(
    message: tuple[str, int], form: type[msgspec.Struct]
) -> None:
    schema = data_schema(*message)
    for content in _spoiled(example(*message)["data"]):
        try:
            msgspec.convert(content, form)
        except msgspec.ValidationError:
            continue
        assert violations_of(schema, content) == []


@pytest.mark.parametrize("message", [("OrderPlaced", 1), ("StockReserved", 1)])
@FEW
@given(content=st.data())
def test_every_allowed_message_is_an_envelope(
    message: tuple[str, int], content: st.DataObject
) -> None:
    assert msgspec.convert(content.draw(valid_messages(*message)), Envelope).type == message[0]


def _schema_of(form: type[msgspec.Struct]) -> Any:
    whole = msgspec.json.schema(form)
    return _inlined(whole, whole.get("$defs", {}))


def _inlined(part: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(part, list):
        return [_inlined(it, definitions) for it in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _inlined(definitions[part["$ref"].removeprefix("#/$defs/")], definitions)
    return {key: _inlined(it, definitions) for key, it in part.items() if key != "$defs"}


def _canonical(schema: Any) -> Any:
    """The same schema in one way of writing."""
    if isinstance(schema, list):
        return [_canonical(it) for it in schema]
    if not isinstance(schema, dict):
        return schema
    if "properties" in schema:
        return {
            "type": sorted(kind) if isinstance(kind := schema["type"], list) else kind,
            "properties": {name: _canonical(it) for name, it in schema["properties"].items()},
            "required": sorted(schema.get("required", [])),
        }
    if "anyOf" in schema:  # something, or null
        (some,) = [_canonical(it) for it in schema["anyOf"] if it["type"] != "null"]
        return some | {"type": sorted([some["type"], "null"])}
    parts = {key: it for key, it in schema.items() if key not in NOT_COMPARED and key[0] != "$"}
    if isinstance(parts.get("type"), list):
        parts["type"] = sorted(parts["type"])
    if "enum" in parts:  # whether it says so or not, all of ours are strings
        return {"type": "string", "enum": sorted(parts["enum"])}
    if "pattern" in parts:
        # Python's $ admits a line's end behind the text, JSON Schema's does not.
        exact = parts["pattern"].replace("(?!\\n)", "").removesuffix("\\Z").removesuffix("$")
        parts["pattern"] = exact + "$"
    return {key: _canonical(it) for key, it in parts.items()}


def _spoiled(good: Mapping[str, Any]) -> list[Any]:
    """The data with each field left out, and with each replaced by something else."""
    others = ["x", "", 0, -1, 1.5, True, None, [], {}, 10**9, "EUR", "a" * 100, "EUR\n"]
    found: list[Any] = [{}]
    for name, value in good.items():
        found.append({key: it for key, it in good.items() if key != name})
        inner: list[Any] = list(others)
        if isinstance(value, dict):
            inner += _spoiled(value)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            inner += [[it] for it in _spoiled(value[0])]
        # Python's matcher would let a line's end pass where JSON Schema's does not.
        found += [{**good, name: it} for it in inner if not (isinstance(it, str) and "\n" in it)]
    return found
