"""How partners call their customers: a name that we keep nowhere as it is."""

import json
import re
import uuid
from typing import Annotated

import msgspec

PATTERN = r"^[A-Za-z0-9._~-]{1,64}\Z"
NAMESPACE = uuid.UUID("a4a4d1f0-8a55-5b0f-9d6e-0f4c7e2b9c31")
_FORM = re.compile(PATTERN)

Reference = Annotated[str, msgspec.Meta(pattern=PATTERN)]
"""Unreserved characters of a path (RFC 3986, 2.3)."""


def is_reference(text: str) -> bool:
    """Whether a text has the form of a reference."""
    return _FORM.match(text) is not None


def customer_of_partner(partner_id: str, reference: str) -> str:
    """The id of the customer that a partner calls so: no two partners have a customer in common."""
    return str(uuid.uuid5(NAMESPACE, json.dumps([partner_id, reference])))
