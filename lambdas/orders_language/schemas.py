"""Versions of the events' schemas: old ones are lifted on every read, newer ones are refused."""

from collections.abc import Callable
from typing import Any

import msgspec

from orders_language.events import FORMS
from shared.messaging.envelope import Envelope

CURRENT: dict[str, int] = {
    "OrderPlaced": 1,
    "OrderConfirmed": 1,
    "OrderRejected": 1,
    "OrderCancelled": 2,
}
"""The newest schema version of each of orders' events that this code understands."""

Data = dict[str, Any]


def _say_who_cancelled(data: Data) -> Data:
    """In version 1 only customers could cancel."""
    return {**data, "cancelled_by": "customer"}


UPCASTERS: dict[tuple[str, int], Callable[[Data], Data]] = {
    ("OrderCancelled", 1): _say_who_cancelled,
}
"""By type and version: how its data becomes that of the next version."""


class NewerSchema(Exception):
    """The event was written by newer code than this: only that code can apply it."""


def is_known(event_type: str) -> bool:
    """Whether this code knows the type at all; unknown ones are passed over."""
    return event_type in CURRENT


def lift(event_type: str, version: int, data: Data) -> Data:
    """The data in the current version of its type's schema.

    Raises:
        NewerSchema: the version is newer than this code.
    """
    current = CURRENT[event_type]
    if version == current:
        return data
    if version > current:
        raise NewerSchema(f"{event_type} has version {version}, known up to {current}")
    for older in range(version, current):
        data = UPCASTERS[event_type, older](data)
    return data


def upcast(event: Envelope) -> Envelope:
    """The event in the current version of its schema, with data of that form.

    Raises:
        NewerSchema: it was written by newer code.
        msgspec.ValidationError: the data does not have the form of its schema.
    """
    data = lift(event.type, event.schema_version, event.data)
    msgspec.convert(data, FORMS[event.type])
    if data is event.data:
        return event
    return msgspec.structs.replace(event, schema_version=CURRENT[event.type], data=data)
