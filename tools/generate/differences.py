"""What a snapshot holds: dev's template, and what another environment has otherwise."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from contracts.product import PRODUCT

ABSENT = "(absent)"
"""Where one of two environments has nothing."""
_SCRUBBED = (
    (re.compile(r"\b[0-9a-f]{64}\b"), "(hash)"),  # of an asset
    (re.compile(r"(?<=[0-9A-F]{8})[0-9a-f]{32}\b"), "(hash)"),  # of an API's deployment
)
_DIGEST = re.compile(r"(?<!HE)(?<!HEA)(?!(?<=H)EAD)[0-9A-F]{8}")
"""Of a path, at the end of a logical id. What HEAD ends with are digits of such a number too."""
_LAST_DIGEST = re.compile(r"[0-9A-F]{8}$")

Differences = dict[str, dict[str, Any]]
"""By path in a template, such as ``Resources.Key.Type``: what dev and the other have there."""


def scrubbed(template: Mapping[str, Any]) -> dict[str, Any]:
    """A template without the digests of packages and of APIs' deployments."""
    text = json.dumps(template)
    for pattern, replacement in _SCRUBBED:
        text = pattern.sub(replacement, text)
    found: dict[str, Any] = json.loads(text)
    return found


def comparable(template: Mapping[str, Any], environment: str) -> dict[str, Any]:
    """A scrubbed template as if its environment were called dev."""
    text = without_digests(json.dumps(template), environment)
    named: dict[str, Any] = json.loads(re.sub(rf"({PRODUCT}[-/]?){environment}", r"\1dev", text))
    return named


def differences(dev: Mapping[str, Any], other: Mapping[str, Any], environment: str) -> Differences:
    """What the other environment's template has otherwise; both are comparable."""
    return {path: {"dev": before, environment: after} for path, before, after in _found(dev, other)}


def without_digests(text: str, environment: str) -> str:
    """Without the digests in logical ids that hold their stack's name: they are of that name, and
    so are others in each environment.
    """
    ids = re.compile(rf"\w*{PRODUCT}{environment}\w*")
    # The last one goes first: digits of a port may stand before it, as if it began there.
    return ids.sub(lambda it: _DIGEST.sub("", _LAST_DIGEST.sub("", it[0])), text)


def _found(dev: Any, other: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(dev, Mapping) and isinstance(other, Mapping):
        for key in sorted((dev.keys() | other.keys()) - {"Metadata"}):
            yield from _found(
                dev.get(key, ABSENT), other.get(key, ABSENT), f"{path}.{key}".lstrip(".")
            )
    elif isinstance(dev, list) and isinstance(other, list) and len(dev) == len(other):
        for number, (before, after) in enumerate(zip(dev, other, strict=True)):
            yield from _found(before, after, f"{path}[{number}]")
    elif dev != other and not _is_the_environments_name(path):
        yield path, dev, other


def _is_the_environments_name(path: str) -> bool:
    """A tag's value: there is one on nearly everything."""
    return bool(re.search(r"Tags\[\d+\]\.Value$|Tags\.environment$", path))
