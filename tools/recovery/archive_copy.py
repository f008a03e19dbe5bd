"""The archive's copy: what it has of orders' events, and the way back into an archive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec

from orders.adapters.event_codec import CODEC
from shared.messaging.envelope import Envelope
from shared.messaging.log_records import Unreadable, read_envelope
from shared.read_models.archive import Archive
from shared.runtime.plain_text import plain
from tools.recovery.items import item_of

NAMED = 300
"""Characters of what is said about a record that cannot be used."""
FORGOTTEN = "CustomerForgotten"


@dataclass
class Archived:
    """What a copy holds: orders' events as they come, and what of it cannot be used, by name."""

    events: list[Envelope] = field(default_factory=list)
    forgotten: set[str] = field(default_factory=set)
    """Customers who may not come back from a backup."""
    unusable: list[str] = field(default_factory=list)
    last: str = ""
    """When the newest message of all happened, RFC 3339; empty if there is none."""


def read(client: Any, bucket: str) -> Archived:
    """Everything below ``events/``; damaged objects and foreign records are named, and left out."""
    archive = Archive(client, bucket)
    found = Archived()
    keys = [it.key for it in archive.objects()]
    for key, lines, damage in archive.contents(keys):
        if damage is not None:
            found.unusable.append(plain(f"{key} is damaged: {damage}", NAMED))
        for line in lines:
            try:
                _take(read_envelope(line), found)
            except (Unreadable, msgspec.ValidationError, ValueError, KeyError) as reason:
                mark = sha256(line).hexdigest()[:16]
                found.unusable.append(plain(f"{key}, sha256 {mark}: {reason}", NAMED))
    return found


def _take(event: Envelope, found: Archived) -> None:
    found.last = max(found.last, event.occurred_at)
    if event.type == FORGOTTEN and isinstance(customer := event.data.get("customer_id"), str):
        found.forgotten.add(customer)
    if event.aggregate_type != CODEC.schemas.aggregate_type or event.version is None:
        return
    item_of(event)  # raises what appending it would raise
    found.events.append(event)


def copy_back(client: Any, source: str, target: str) -> int:
    """Copy into a region's archive what its copy has and it has not; the number of objects."""
    present = dict(_objects(client, target))
    copied = 0
    for key, size in _objects(client, source):
        if present.get(key) != size:
            client.copy_object(Bucket=target, Key=key, CopySource={"Bucket": source, "Key": key})
            copied += 1
    return copied


def _objects(client: Any, bucket: str) -> Iterator[tuple[str, int]]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="events/")
    for page in pages:
        for entry in page.get("Contents", []):
            yield entry["Key"], int(entry["Size"])
