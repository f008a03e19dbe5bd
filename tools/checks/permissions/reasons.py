"""Why some grants are never exercised, and why some calls are refused: ``unexercised.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path

from contracts.product import PRODUCT
from tools.checks.permissions.compare import Reason

FILE = Path(__file__).with_name("unexercised.toml")
_HERE = "{product}"


def known(file: Path = FILE) -> tuple[list[Reason], list[Reason]]:
    """About grants, and about refused calls.

    Raises:
        ValueError: one has no reason, or comes twice.
    """
    told = tomllib.loads(file.read_text("utf-8"))
    unexercised = [_reason(it) for it in told.get("unexercised", [])]
    meant = [_reason(it) for it in told.get("refused", [])]
    for reasons in (unexercised, meant):
        places = [(it.role, it.action, it.resource) for it in reasons]
        if twice := {it for it in places if places.count(it) > 1}:
            raise ValueError(f"{file.name}: it comes twice: {sorted(twice)[0]}")
    return unexercised, meant


def _reason(entry: dict[str, str]) -> Reason:
    role, action, resource = (
        entry.get(name, "*").replace(_HERE, PRODUCT) for name in ("role", "action", "resource")
    )
    if not entry.get("reason", "").strip() or {role, action, resource} == {"*"}:
        raise ValueError(f"{FILE.name}: what it is about, and why: {entry}")
    return Reason(role, action, resource, entry["reason"])
