"""Tables as DynamoDB exports them to S3: manifests, and items as lines of compressed JSON.

Offline the export is made here, in the same form, since the emulator's writes no data.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any

from shared.runtime import clock
from tools.base.errors import OperationFailed
from tools.base.target import Target
from tools.recovery import tables
from tools.recovery.tables import Item

SUMMARY, FILES = "manifest-summary.json", "manifest-files.json"
NOTES = "restored/"
_LINES = 5000


class Exports:
    """Exports in a bucket: ``{prefix}{table}/``, each with its manifests. One for each table."""

    def __init__(self, client: Any, bucket: str, prefix: str = "exports/") -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def write(self, name: str, items: list[Item], taken_at: str) -> None:
        """What an export leaves behind; the summary comes last, and says that it is whole."""
        folder = f"{self._prefix}{name}/"
        files = []
        for number, start in enumerate(range(0, len(items), _LINES)):
            lines = "".join(json.dumps({"Item": it}) + "\n" for it in items[start : start + _LINES])
            key = f"{folder}data/{number:06d}.json.gz"
            self._put(key, gzip.compress(lines.encode(), mtime=0))
            files.append({"dataFileS3Key": key, "itemCount": lines.count("\n")})
        self._put(folder + FILES, "".join(json.dumps(it) + "\n" for it in files).encode())
        summary = {"exportTime": taken_at, "itemCount": len(items), "outputFormat": "DYNAMODB_JSON"}
        self._put(folder + SUMMARY, json.dumps(summary).encode())

    def names(self) -> list[str]:
        """The tables of which there is a whole export."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix
        )
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return [
            key.removeprefix(self._prefix).removesuffix(f"/{SUMMARY}")
            for key in keys
            if key.endswith(f"/{SUMMARY}")
        ]

    def taken_at(self, name: str) -> str:
        """The moment that the table is exported of, RFC 3339."""
        moment: str = self._json(f"{self._prefix}{name}/{SUMMARY}")["exportTime"]
        return clock.format_time(clock.parse_time(moment))

    def items(self, name: str) -> list[Item]:
        """Every item.

        Raises:
            OperationFailed: a file is damaged, or there are fewer items than were exported.
        """
        folder = f"{self._prefix}{name}/"
        expected = self._json(folder + SUMMARY)["itemCount"]
        found = [item for entry in self._lines(folder) for item in self._data(entry, name)]
        if len(found) != expected:
            raise OperationFailed(
                f"the export of {name} has {len(found)} of {expected} items: take another one"
            )
        return found

    def note(self, name: str, what: dict[str, Any]) -> None:
        """Note beside the exports what was done with them."""
        self._put(f"{self._prefix}{NOTES}{name}", json.dumps(what).encode())

    def noted(self, name: str) -> bool:
        """Whether that was noted."""
        key = f"{self._prefix}{NOTES}{name}"
        answer = self._client.list_objects_v2(Bucket=self._bucket, Prefix=key)
        return any(it["Key"] == key for it in answer.get("Contents", []))

    def _lines(self, folder: str) -> Iterator[dict[str, Any]]:
        for line in self._get(folder + FILES).splitlines():
            if line:
                yield json.loads(line)

    def _data(self, entry: dict[str, Any], name: str) -> Iterator[Item]:
        try:
            body = gzip.decompress(self._get(entry["dataFileS3Key"]))
            for line in body.splitlines():
                yield json.loads(line)["Item"]
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as broken:
            raise OperationFailed(
                f"the export of {name} is damaged in {entry.get('dataFileS3Key')}: take another one"
            ) from broken

    def _json(self, key: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self._get(key))
        except ValueError as broken:
            raise OperationFailed(f"{key} is damaged: take another export") from broken
        return found

    def _get(self, key: str) -> bytes:
        body: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return body

    def _put(self, key: str, body: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=body)


def export(target: Target, exports: Exports) -> dict[str, int]:
    """Export every table that is backed up, one after the other; items by table.

    The event store comes first: what it lacks is in the archive. Sagas come second: what they ask
    for once more, the owners' tables know already.
    """
    moment = clock.now()
    found = tables.of(target)
    counts = {}
    for name in sorted(found, key=lambda it: (it != tables.EVENT_STORE, it != tables.SAGAS)):
        items = list(tables.items_of(target, found[name]))
        exports.write(name, items, moment)
        counts[name] = len(items)
    return counts
