"""The one way to read the environment: typed, on first use, and every missing key is named."""

import os
from typing import Any, TypeVar

import msgspec

EnvironmentT = TypeVar("EnvironmentT", bound=msgspec.Struct)


class MissingVariable(Exception):
    """The service cannot start: environment variables are missing or malformed."""


_loaded: dict[type[msgspec.Struct], Any] = {}


def load(form: type[EnvironmentT]) -> EnvironmentT:
    """``read``, once for each form."""
    if form not in _loaded:
        _loaded[form] = read(form)
    found: EnvironmentT = _loaded[form]
    return found


def forget() -> None:
    """Let the environment be read again."""
    _loaded.clear()


def read(form: type[EnvironmentT]) -> EnvironmentT:
    """Read the fields of ``form`` from environment variables of the same names in capitals.

    Raises:
        MissingVariable: naming each key that is absent, or the first that has the wrong type.
    """
    fields = msgspec.structs.fields(form)
    present = {f.name: os.environ[f.name.upper()] for f in fields if f.name.upper() in os.environ}
    missing = [f.name.upper() for f in fields if f.required and f.name not in present]
    if missing:
        raise MissingVariable(f"missing environment variables: {', '.join(missing)}")
    try:
        return msgspec.convert(present, form, strict=False)
    except msgspec.ValidationError as malformed:
        what, _, field = str(malformed).rstrip("`").rpartition(" - at `$.")
        raise MissingVariable(
            f"malformed environment variable: {field.upper()}: {what}"
        ) from malformed
