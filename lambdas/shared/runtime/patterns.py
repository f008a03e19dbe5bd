"""Forms that several services' messages and requests share."""

import re
from typing import Annotated

import msgspec

UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"

_UUID = re.compile(UUID)


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID in its canonical lower-case form."""
    return _UUID.fullmatch(text) is not None


def fullmatch_pattern(pattern: str) -> str:
    """A pattern for all of a text. Python's ``$`` alone would admit a line break at the end."""
    return f"^{pattern}$(?!\\n)"


Uuid = Annotated[str, msgspec.Meta(pattern=fullmatch_pattern(UUID), max_length=36)]
"""A UUID as we write it: lower case, with hyphens."""
Currency = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}\Z")]
"""An ISO 4217 code."""
Country = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}\Z")]
"""An ISO 3166-1 alpha-2 code."""
