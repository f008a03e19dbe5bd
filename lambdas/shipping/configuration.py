"""What shipping can be told while it runs: see config/{environment}/shipping.json."""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec

from shared.runtime.configuration import Profile, Violation
from shipping.adapters.carrier_list import carriers

STEP_DEADLINE_SECONDS = 120
"""How long the saga waits for a step in the environment where it waits the shortest."""

CarrierName = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


def _every_carrier() -> tuple[str, ...]:
    return tuple(sorted(carriers()))


_KNOWN = f"one of {', '.join(_every_carrier())}"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The profile ``settings``."""

    # No more than SQS can delay a message.
    quote_deadline_seconds: Annotated[int, msgspec.Meta(ge=1, le=900)] = 10
    """How many seconds carriers have to answer a quote request."""
    carriers: Annotated[tuple[CarrierName, ...], msgspec.Meta(min_length=1, max_length=50)] = (
        msgspec.field(default_factory=_every_carrier)
    )
    """The carriers that are asked for quotes, by their names in the carrier list."""


class PauseCarrier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A carrier that is not asked for a while, such as during its strike."""

    enabled: bool = False
    carrier: Annotated[str, msgspec.Meta(max_length=64)] = ""
    """The carrier's name in the carrier list."""


class Flags(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The profile ``flags``."""

    pause_carrier: PauseCarrier = PauseCarrier()
    """On: this carrier gets no new quote requests. Its booked shipments go on."""


def asked(settings: Settings, flags: Flags) -> frozenset[str]:
    """The names of the carriers that may be asked at present."""
    pause = flags.pause_carrier
    return frozenset(settings.carriers) - ({pause.carrier} if pause.enabled else set())


def _settings_make_sense(document: Settings) -> Iterable[Violation]:
    if document.quote_deadline_seconds >= STEP_DEADLINE_SECONDS:
        yield Violation(
            "/quote_deadline_seconds",
            f"less than the {STEP_DEADLINE_SECONDS} s that the saga waits for a step",
            document.quote_deadline_seconds,
        )
    for index, name in enumerate(document.carriers):
        if name not in carriers():
            yield Violation(f"/carriers/{index}", _KNOWN, name)
        elif name in document.carriers[:index]:
            yield Violation(f"/carriers/{index}", "each carrier once", name)


def _flags_make_sense(document: Flags) -> Iterable[Violation]:
    pause = document.pause_carrier
    if pause.carrier not in carriers() and (pause.enabled or pause.carrier):
        yield Violation("/pause-carrier/carrier", _KNOWN, pause.carrier)


SETTINGS = Profile("settings", Settings, _settings_make_sense)
FLAGS = Profile("flags", Flags, _flags_make_sense)
PROFILES: tuple[Profile[Any], ...] = (SETTINGS, FLAGS)
