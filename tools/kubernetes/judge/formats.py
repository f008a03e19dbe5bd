"""Formats of text that the server checks; it ignores those that it does not know."""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

_TIME = re.compile(
    r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:.[0-9]+)?(?:z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
_RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([01]?[0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.,][0-9]+)?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-4]):(?:[0-5][0-9]|60))",
    re.ASCII,
)
_BASE64 = re.compile(
    r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})"
)
_DURATION = re.compile(r"[+-]?(?:[0-9]*\.?[0-9]+(?:ns|us|µs|ms|s|m|h|d|w))+|0")
_UUID = r"[0-9a-f]{8}-?[0-9a-f]{4}-?%s[0-9a-f]{3}-?%s[0-9a-f]{3}-?[0-9a-f]{12}"
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_HOST = re.compile(
    r"[a-zA-Z0-9_]([-a-zA-Z0-9_]{0,61}[a-zA-Z0-9_])?(\.[a-zA-Z0-9]([-a-zA-Z0-9_]{0,61}[a-zA-Z0-9])?)*\.?"
)
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")
_MAC = re.compile(
    r"[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}([:-][0-9a-fA-F]{2}){0,2}|([0-9a-fA-F]{4}\.){2,3}[0-9a-fA-F]{4}"
)


def is_date(text: str) -> bool:
    """A full date of RFC 3339."""
    with suppress(ValueError):
        return bool(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text)) and bool(
            datetime.date.fromisoformat(text)
        )
    return False


def is_date_time(text: str) -> bool:
    """A date and time as schemas have it: in letters of either case, and all after a second T."""
    day, time = (*text.lower().split("t"), "")[:2]
    found = _TIME.fullmatch(time)
    return bool(
        found and is_date(day) and found[1] <= "23" and found[2] <= "59" and found[3] <= "59"
    )


def is_time(text: str) -> bool:
    """A time as ``metadata`` has it: RFC 3339 as the server's language reads it."""
    found = _RFC3339.fullmatch(text)
    return bool(found and is_date(found[1]))


def _is_ipv4(text: str) -> bool:
    """The server reads leading zeros, which Python does not."""
    return "." in text and _is_address(re.sub(r"(?<![0-9a-fA-F])0+(?=[0-9])", "", text))


def _is_address(text: str) -> bool:
    with suppress(ValueError):
        ipaddress.ip_address(text)
        return "%" not in text
    return False


def _is_network(text: str) -> bool:
    with suppress(ValueError):
        ipaddress.ip_network(text, strict=False)
        return "/" in text and text.rsplit("/", 1)[1].isdigit()
    return False


def _is_uri(text: str) -> bool:
    with suppress(ValueError):
        return bool(urlsplit(text).scheme) or text.startswith("/")
    return False


def _uuid(version: str, variant: str) -> Callable[[str], bool]:
    pattern = re.compile(_UUID % (version, variant), re.IGNORECASE)
    return lambda text: pattern.fullmatch(text) is not None


def _full(pattern: re.Pattern[str], most: int | None = None) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None and (most is None or len(text) <= most)


CHECKS: dict[str, Callable[[str], bool]] = {
    "date": is_date,
    "date-time": is_date_time,
    "datetime": is_date_time,
    "byte": _full(_BASE64),
    "duration": _full(_DURATION),
    "ipv4": _is_ipv4,
    "ipv6": lambda text: ":" in text and _is_address(text),
    "cidr": _is_network,
    "uri": _is_uri,
    "email": _full(_MAIL),
    "hostname": _full(_HOST, 255),
    "mac": _full(_MAC),
    "uuid": _uuid("[0-9a-f]", "[0-9a-f]"),
    "uuid3": _uuid("3", "[0-9a-f]"),
    "uuid4": _uuid("4", "[89ab]"),
    "uuid5": _uuid("5", "[89ab]"),
    "hexcolor": _full(re.compile(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")),
    "k8s-short-name": _full(_LABEL, 63),
    "k8s-long-name": _full(_SUBDOMAIN, 253),
}
"""Those of the server's formats that definitions in the wild use, by name."""
