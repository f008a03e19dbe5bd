"""Names, labels and annotations: what the server allows in them, in its words."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = rf"({_QUALIFIED})?"
_ENDS = "and must start and end with an alphanumeric character"


def subdomain_problems(name: str) -> Iterable[str]:
    """What keeps a name from being a subdomain of DNS: most objects' names are."""
    if len(name.encode()) > 253:
        yield "must be no more than 253 bytes"
    if not re.fullmatch(_SUBDOMAIN, name, re.ASCII):
        yield (
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
            f"'-' or '.', {_ENDS} (e.g. 'example.com', regex used for validation is "
            f"'{_SUBDOMAIN}')"
        )


def label_problems(name: str) -> Iterable[str]:
    """What keeps a name from being a label of DNS: a namespace's is one."""
    if len(name.encode()) > 63:
        yield "must be no more than 63 bytes"
    if not re.fullmatch(_LABEL, name, re.ASCII):
        yield (
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or "
            f"'-', {_ENDS} (e.g. 'my-name',  or '123-abc', regex used for validation is "
            f"'{_LABEL}')"
        )


def segment_problems(name: str) -> Iterable[str]:
    """What keeps a name from being one segment of a path: a role's is one."""
    if name in (".", ".."):
        yield f"may not be '{name}'"
    yield from (f"may not contain '{it}'" for it in "/%" if it in name)


def prefix_of_name(prefix: str) -> str:
    """``generateName`` may end in a dash, since something follows it."""
    return prefix[:-2] + "a" if len(prefix) > 1 and prefix.endswith("-") else prefix


def generated(prefix: str) -> str:
    """A name as the server makes it: it shortens the prefix, and adds five characters."""
    return prefix[:58] + "x" * 5


def qualified_problems(key: str) -> Iterable[str]:
    """What keeps a key of a label or annotation from being ``prefix/name`` or ``name``."""
    prefix, slash, name = key.rpartition("/")
    if slash and "/" in prefix:
        yield (
            "a qualified name must consist of alphanumeric characters, '-', '_' or '.', "
            f"{_ENDS} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
            f"'{_QUALIFIED}') with an optional DNS subdomain prefix and '/' (e.g. "
            "'example.com/MyName')"
        )
        return
    if slash and not prefix:
        yield "prefix part must be non-empty"
    elif slash:
        yield from (f"prefix part {it}" for it in subdomain_problems(prefix))
    if not name:
        yield "name part must be non-empty"
    elif len(name.encode()) > 63:
        yield "name part must be no more than 63 bytes"
    if not re.fullmatch(_QUALIFIED, name, re.ASCII):
        yield (
            f"name part must consist of alphanumeric characters, '-', '_' or '.', {_ENDS} "
            "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
            f"'{_QUALIFIED}')"
        )


def value_problems(value: str) -> Iterable[str]:
    """What keeps a text from being a label's value."""
    if len(value.encode()) > 63:
        yield "must be no more than 63 bytes"
    if not re.fullmatch(_VALUE, value, re.ASCII):
        yield (
            "a valid label must be an empty string or consist of alphanumeric characters, '-', "
            f"'_' or '.', {_ENDS} (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
            f"validation is '{_VALUE}')"
        )
