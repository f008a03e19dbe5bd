"""Why some grants are not exercised, and why some calls are refused: ``unexercised.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from contracts.product import PRODUCT
from tools.checks.permissions.compare import Reason, Reasons

FILE = Path(__file__).with_name("unexercised.toml")
HERE = "{product}"
"""Stands for the product's name."""


def known(file: Path = FILE) -> Reasons:
    """All that the file says.

    Raises:
        ValueError: one has no reason, or comes twice.
    """
    told = tomllib.loads(file.read_text("utf-8"))
    return Reasons(
        unexercised=_reasons(told.get("unexercised", [])),
        alike=_reasons(told.get("alike", [])),
        refused=_reasons(told.get("refused", [])),
    )


def _reasons(entries: list[dict[str, Any]]) -> tuple[Reason, ...]:
    reasons = tuple(map(_reason, entries))
    places = [(it.roles, it.actions, it.resources) for it in reasons]
    if twice := {it for it in places if places.count(it) > 1}:
        raise ValueError(f"{FILE.name}: it comes twice: {sorted(twice)[0]}")
    return reasons


def _reason(entry: dict[str, Any]) -> Reason:
    places = roles, actions, resources = [
        _patterns(entry.get(name, "*")) for name in ("role", "action", "resource")
    ]
    if not entry.get("reason", "").strip() or all(it == ("*",) for it in places):
        raise ValueError(f"{FILE.name}: what it is about, and why: {entry}")
    return Reason(roles, actions, resources, entry["reason"])


def _patterns(told: str | list[str]) -> tuple[str, ...]:
    return tuple(it.replace(HERE, PRODUCT) for it in ([told] if isinstance(told, str) else told))
