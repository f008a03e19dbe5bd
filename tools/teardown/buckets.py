"""What a bucket holds, whether that is locked, and how to empty it, old versions included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from tools.base.target import Target

COUNTED_AT_MOST = 100_000
_AT_ONCE = 1000


@dataclass(frozen=True)
class Contents:
    """What a bucket holds; ``complete`` is false if counting ended at ``COUNTED_AT_MOST``.

    ``locked_until`` is when the newest version's lock ends, if the bucket locks its objects.
    """

    versions: int
    bytes: int
    complete: bool
    locked_until: datetime | None

    def __str__(self) -> str:
        least = "" if self.complete else "more than "
        return f"{least}{self.versions:,} object versions, {self.bytes / 1e6:,.1f} MB"


class NotEmptied(Exception):
    """Some versions could not be deleted."""


def contents(target: Target, bucket: str) -> Contents | None:
    """What the bucket holds; None if there is no such bucket any more."""
    versions = total = 0
    newest: datetime | None = None
    try:
        for version in _versions(target, bucket):
            versions += 1
            total += version.get("Size", 0)
            newest = max(newest or version["LastModified"], version["LastModified"])
            if versions >= COUNTED_AT_MOST:
                break
        lock = _lock(target, bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchBucket", "404"):
            return None
        raise
    return Contents(
        versions,
        total,
        versions < COUNTED_AT_MOST,
        newest + lock if newest and lock else None,
    )


def empty(target: Target, bucket: str, say: Callable[[str], None]) -> int:
    """Delete every version and delete marker; return how many. An absent bucket is empty.

    Raises:
        NotEmptied: naming the first version that would not go, such as a locked one.
    """
    s3 = target.client("s3")
    deleted = 0
    try:
        batch: list[dict[str, str]] = []
        for version in _versions(target, bucket):
            batch.append({"Key": version["Key"], "VersionId": version["VersionId"]})
            if len(batch) == _AT_ONCE:
                deleted += _delete(s3, bucket, batch)
                say(f"  {bucket}: {deleted:,} versions deleted")
                batch = []
        if batch:
            deleted += _delete(s3, bucket, batch)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("NoSuchBucket", "404"):
            raise
    return deleted


def _delete(s3: Any, bucket: str, batch: list[dict[str, str]]) -> int:
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
    for error in answer.get("Errors", []):
        raise NotEmptied(f"{bucket}/{error['Key']}: {error.get('Message', error['Code'])}")
    return len(batch)


def _versions(target: Target, bucket: str) -> Iterator[dict[str, Any]]:
    pages = target.client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket)
    for page in pages:
        yield from page.get("Versions", [])
        yield from page.get("DeleteMarkers", [])


def _lock(target: Target, bucket: str) -> timedelta | None:
    try:
        answer = target.client("s3").get_object_lock_configuration(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ObjectLockConfigurationNotFoundError":
            return None
        raise
    rule = answer["ObjectLockConfiguration"].get("Rule", {}).get("DefaultRetention", {})
    days = rule.get("Days", 0) + 365 * rule.get("Years", 0)
    return timedelta(days=days) if days else None
