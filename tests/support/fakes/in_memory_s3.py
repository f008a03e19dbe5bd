"""S3 as the archive and a rebuild's scratch see it, in memory."""

import io
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

PAGE = 3
"""Few objects in a listing's page, so that short listings have several."""


class InMemoryS3:
    """One bucket, whatever its name."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.modified: dict[str, datetime] = {}
        self.lists = 0

    def put_object(
        self,
        *,
        Bucket: str,  # noqa: N803
        Key: str,  # noqa: N803
        Body: bytes,  # noqa: N803
        IfNoneMatch: str = "",  # noqa: N803
        ChecksumAlgorithm: str = "",  # noqa: N803
    ) -> None:
        """As PutObject."""
        if IfNoneMatch and Key in self.objects:
            raise _error("PreconditionFailed", "PutObject")
        self.objects[Key] = Body

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        """As GetObject."""
        if Key not in self.objects:
            raise _error("NoSuchKey", "GetObject")
        return {"Body": io.BytesIO(self.objects[Key])}

    def list_objects_v2(
        self,
        *,
        Bucket: str,  # noqa: N803
        Prefix: str = "",  # noqa: N803
        StartAfter: str = "",  # noqa: N803
        ContinuationToken: str = "",  # noqa: N803
        Delimiter: str = "",  # noqa: N803
        MaxKeys: int = PAGE,  # noqa: N803
    ) -> dict[str, Any]:
        """As ListObjectsV2."""
        self.lists += 1
        answer: dict[str, Any]
        after = ContinuationToken or StartAfter
        keys = sorted(key for key in self.objects if key.startswith(Prefix) and key > after)
        if Delimiter:
            ends = [(key, key.find(Delimiter, len(Prefix))) for key in keys]
            found = sorted({key[: end + 1] for key, end in ends if end >= 0} - {after})
            answer = {"CommonPrefixes": [{"Prefix": it} for it in found[:PAGE]]}
            if len(found) > PAGE:
                last = f"{found[PAGE - 1]}\U0010ffff"
                answer |= {"IsTruncated": True, "NextContinuationToken": last}
            return answer
        page = min(PAGE, MaxKeys)
        answer = {"Contents": [self._listed(key) for key in keys[:page]]}
        if len(keys) > page:
            answer |= {"IsTruncated": True, "NextContinuationToken": keys[page - 1]}
        return answer

    def _listed(self, key: str) -> dict[str, Any]:
        modified = self.modified.get(key, datetime(2026, 12, 1, tzinfo=UTC))
        return {"Key": key, "Size": len(self.objects[key]), "LastModified": modified}


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)
