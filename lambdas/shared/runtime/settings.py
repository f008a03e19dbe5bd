"""The one way to read the environment: typed, on first use, and every missing key is named."""

import os
from typing import TypeVar

import msgspec

SettingsT = TypeVar("SettingsT", bound=msgspec.Struct)


class MissingSetting(Exception):
    """The service cannot start: environment variables are missing or malformed."""


def load(settings: type[SettingsT]) -> SettingsT:
    """Read the fields of ``settings`` from environment variables of the same names in capitals.

    Raises:
        MissingSetting: naming each key that is absent, or the first that has the wrong type.
    """
    fields = msgspec.structs.fields(settings)
    present = {f.name: os.environ[f.name.upper()] for f in fields if f.name.upper() in os.environ}
    missing = [f.name.upper() for f in fields if f.required and f.name not in present]
    if missing:
        raise MissingSetting(f"missing environment variables: {', '.join(missing)}")
    try:
        return msgspec.convert(present, settings, strict=False)
    except msgspec.ValidationError as malformed:
        what, _, field = str(malformed).rstrip("`").rpartition(" - at `$.")
        raise MissingSetting(
            f"malformed environment variable: {field.upper()}: {what}"
        ) from malformed
