"""Where a rebuild keeps what it may lose: parts of the archive, and how far it has come.

A bucket of its own, whose objects expire: the archive's are locked.
"""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError


class Scratch:
    """``client`` is a botocore S3 client."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def put(self, name: str, body: bytes) -> None:
        """Keep an object, in place of one of the same name."""
        self._client.put_object(Bucket=self.bucket, Key=name, Body=body)

    def get(self, name: str) -> bytes | None:
        """An object, if there is one."""
        try:
            body: bytes = self._client.get_object(Bucket=self.bucket, Key=name)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("NoSuchKey", "404"):
                raise
            return None
        return body

    def names(self, prefix: str) -> Iterator[str]:
        """The names of all objects that begin so."""
        page: dict[str, str] = {}
        while True:
            answer = self._client.list_objects_v2(Bucket=self.bucket, Prefix=prefix, **page)
            for found in answer.get("Contents", []):
                yield found["Key"]
            if not answer.get("IsTruncated"):
                return
            page = {"ContinuationToken": answer["NextContinuationToken"]}
