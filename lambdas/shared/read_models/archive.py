"""The archive in S3: every record of the log for ever, as lines of JSON.

Firehose's objects are below ``events/day=YYYY-MM-DD/``, the day of their delivery; what was filled
in later is below ``events/backfill/day=YYYY-MM-DD/``, the day on which it occurred.
"""

import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

FOLDERS = ("events/backfill/", "events/")
EVENTS = tuple(f"{folder}day=" for folder in FOLDERS)
_GZIP = b"\x1f\x8b"
READERS = 8
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class ArchivedObject:
    """One object; ``size`` in bytes as it is stored, compressed or not."""

    key: str
    size: int


class Archive:
    """``client`` is a botocore S3 client."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def objects(self, since: str = "") -> Iterator[ArchivedObject]:
        """Every object that may hold events of the UTC day ``since`` (``2026-12-01``) or later."""
        for prefix in EVENTS:
            page: dict[str, str] = {"StartAfter": prefix + since} if since else {}
            while True:
                answer = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, **page)
                for found in answer.get("Contents", []):
                    yield ArchivedObject(found["Key"], int(found["Size"]))
                if not answer.get("IsTruncated"):
                    break
                page = {"ContinuationToken": answer["NextContinuationToken"]}

    def days(self, since: str = "") -> Iterator[str]:
        """The folders that may hold events of the UTC day ``since`` (``2026-12-01``) or later."""
        for folder in FOLDERS:
            page: dict[str, str] = {"StartAfter": f"{folder}day={since}"} if since else {}
            while True:
                answer = self._client.list_objects_v2(
                    Bucket=self._bucket, Prefix=f"{folder}day=", Delimiter="/", **page
                )
                for found in answer.get("CommonPrefixes", []):
                    yield found["Prefix"]
                if not answer.get("IsTruncated"):
                    break
                page = {"ContinuationToken": answer["NextContinuationToken"]}

    def keys(self, folder: str) -> Iterator[str]:
        """The names of a folder's objects, in order."""
        page: dict[str, str] = {}
        while True:
            answer = self._client.list_objects_v2(Bucket=self._bucket, Prefix=folder, **page)
            for found in answer.get("Contents", []):
                yield found["Key"]
            if not answer.get("IsTruncated"):
                return
            page = {"ContinuationToken": answer["NextContinuationToken"]}

    def contents(self, keys: Sequence[str]) -> Iterator[tuple[str, list[bytes], str | None]]:
        """These objects one after the other: name, records, and what is wrong with it, if anything.

        Of a damaged object the records before the damage come.
        """
        with ThreadPoolExecutor(READERS) as pool:
            for start in range(0, len(keys), READERS):
                some = keys[start : start + READERS]
                for key, body in zip(some, pool.map(self._body, some), strict=True):
                    yield key, *salvaged(body)

    def _body(self, key: str) -> bytes:
        body: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return body


def salvaged(body: bytes) -> tuple[list[bytes], str | None]:
    """The records of an object up to where it is damaged, and what the damage is, if any."""
    damage: str | None = None
    parts = [] if body.startswith(_GZIP) else [body]
    rest = body if body.startswith(_GZIP) else b""
    while rest:  # an object may be several compressed ones in a row
        stream = zlib.decompressobj(wbits=31)
        try:
            for start in range(0, len(rest), CHUNK):
                parts.append(stream.decompress(rest[start : start + CHUNK]))
                if stream.eof:
                    break
        except zlib.error as broken:
            damage = str(broken)
            break
        if not stream.eof:
            damage = "it is cut short"
            break
        rest = stream.unused_data + rest[start + CHUNK :]
    lines = b"".join(parts).split(b"\n")
    if damage is not None:
        lines.pop()  # the record in which the damage is
    return [line for line in lines if line], damage
