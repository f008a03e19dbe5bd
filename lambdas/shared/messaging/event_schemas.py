"""The events of one type of aggregate: their forms, their versions, and how old ones are read."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from shared.messaging.envelope import Envelope

Data = dict[str, Any]
Upcaster = Callable[[Data], Data]


class NewerSchema(Exception):
    """The event was written by newer code than this: only that code can apply it."""


class EventSchemas:
    """What a consumer knows of one aggregate type's events.

    ``current`` holds each event type's newest schema version, ``forms`` the form of its data, and
    ``upcasters``, by type and version, how its data becomes that of the next version. For example::

        ORDER_EVENTS = EventSchemas("order", {"OrderPlaced": 1}, {"OrderPlaced": OrderPlaced})

    Raises:
        ValueError: a type has no form, or an older version has no upcaster.
    """

    def __init__(
        self,
        aggregate_type: str,
        current: Mapping[str, int],
        forms: Mapping[str, type[msgspec.Struct]],
        upcasters: Mapping[tuple[str, int], Upcaster] | None = None,
    ) -> None:
        self.aggregate_type = aggregate_type
        self.current = dict(current)
        self.forms = dict(forms)
        self.upcasters = dict(upcasters or {})
        if self.current.keys() != self.forms.keys():
            raise ValueError("each type of event needs a version and a form")
        needed = {(type, older) for type, newest in current.items() for older in range(1, newest)}
        if needed != self.upcasters.keys():
            raise ValueError(f"upcasters must be for {sorted(needed)}, and are for others")

    def holds(self, event: Envelope) -> bool:
        """Whether the message is an event of such an aggregate, of whatever type."""
        return event.aggregate_type == self.aggregate_type and event.version is not None

    def is_known(self, event_type: str) -> bool:
        """Whether this code knows the type at all; unknown ones are passed over."""
        return event_type in self.current

    def upcast_data(self, event_type: str, version: int, data: Data) -> Data:
        """The data in the current version of its type's schema.

        Raises:
            NewerSchema: the version is newer than this code.
        """
        current = self.current[event_type]
        if version == current:
            return data
        if version > current:
            raise NewerSchema(f"{event_type} has version {version}, known up to {current}")
        for older in range(version, current):
            data = self.upcasters[event_type, older](data)
        return data

    def upcast(self, event: Envelope) -> Envelope:
        """The event in the current version of its schema, with data of that form.

        Raises:
            NewerSchema: it was written by newer code.
            msgspec.ValidationError: the data does not have the form of its schema.
        """
        data = self.upcast_data(event.type, event.schema_version, event.data)
        msgspec.convert(data, self.forms[event.type])
        if data is event.data:
            return event
        version = self.current[event.type]
        return msgspec.structs.replace(event, schema_version=version, data=data)
