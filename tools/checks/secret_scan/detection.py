"""Finds credentials in a text: the detectors are those of detect-secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.keyword import DENYLIST

KEYWORD = "Secret Keyword"
"""Something that is called a password, a secret or a key."""
DEPLOYED = "Deployed Secret"
"""The very value that a deployed secret holds."""
_NOT_USED = {
    # What is random is no credential by that alone: digests and ids would be found everywhere.
    "Base64 High Entropy String",
    "Hex High Entropy String",
    # An address in the network is none; an account's number in an ARN looks like a bot's token.
    "Public IP (ipv4)",
    "Telegram Bot Token",
    # Nothing here talks with these, and to look for them takes as long as for all the others.
    "Artifactory Credentials",
    "Cloudant Credentials",
    "IBM Cloud IAM Key",
    "IBM COS HMAC Credentials",
    "SoftLayer Credentials",
}
_QUOTES_TEXTS = {
    *(".py", ".js", ".mjs", ".ts", ".json", ".toml", ".md", ".svg", ".html", ".css", ".graphql"),
    *(".pyc", ".so"),
}
"""Where texts stand in quotes; elsewhere, as in a script or a log, any word after a sign counts."""
_KEYWORDS = re.compile("|".join(DENYLIST), re.IGNORECASE)
_REFERENCE = re.compile(r"arn:|AWS::|[$#@%]?\{")
_MADE_UP = re.compile(r"(?=.*\d)(?=.*[A-Za-z])\S{12,}")
LONGEST_LINE = 4096
"""Characters; a longer line is looked at in pieces that overlap, since a detector's time grows
with the square of a line's length."""
_OVERLAP = 512


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A credential in a line, counted from 1; ``value`` is not to be shown to anybody."""

    line: int
    kind: str
    value: str = field(repr=False)


def suspicions(name: str, text: str, deployed: frozenset[str] = frozenset()) -> Iterator[Suspicion]:
    """What looks like a credential in a text; a file's ``name`` tells the language.

    ``deployed`` are values of secrets: these are found wherever they are.
    """
    text = text.replace('\\"', '"')  # JSON in JSON, as logs have it
    for value in deployed:
        if value in text:
            yield Suspicion(text[: text.index(value)].count("\n") + 1, DEPLOYED, value)
    if PurePosixPath(name).suffix not in _QUOTES_TEXTS:
        name += ".ini"
    detectors = [it for it in _detectors() if _is_worth_a_look(it, text)]
    if not detectors:
        return
    for number, line in enumerate(text.splitlines(), 1):
        for part in _parts(line):
            for detector in detectors:
                if detector.secret_type == KEYWORD and not _KEYWORDS.search(part):
                    continue
                for found in detector.analyze_line(filename=name, line=part, line_number=number):
                    value = found.secret_value or ""
                    if found.type != KEYWORD or _is_made_up(value):
                        yield Suspicion(number, found.type, value)


def _is_made_up(value: str) -> bool:
    """Whether a value that is called a secret can be one, and not a word, a name or a reference."""
    return bool(_MADE_UP.search(value)) and not _REFERENCE.match(value)


def _is_worth_a_look(detector: Any, text: str) -> bool:
    """One search over the whole text is much faster than one for each line."""
    patterns = [_KEYWORDS] if detector.secret_type == KEYWORD else detector.denylist
    return any(pattern.search(text) for pattern in patterns)


def _parts(line: str) -> Iterator[str]:
    for start in range(0, max(len(line), 1), LONGEST_LINE - _OVERLAP):
        yield line[start : start + LONGEST_LINE]


@cache
def _detectors() -> tuple[Any, ...]:
    found: dict[str, Any] = get_mapping_from_secret_type_to_class()
    return tuple(detector() for kind, detector in found.items() if kind not in _NOT_USED)
