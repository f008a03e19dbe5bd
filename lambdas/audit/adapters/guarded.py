"""Puts back trail, policies and keys, each only if it is not as it should be."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from audit.ports import NotGuarded


class GuardedOnAws:
    """``policies`` are policies by the names of their buckets; the rest are botocore's clients."""

    def __init__(
        self,
        trails: Any,
        buckets: Any,
        keys: Any,
        *,
        trail_arn: str,
        policies: Mapping[str, Any],
    ) -> None:
        self._trails = trails
        self._buckets = buckets
        self._keys = keys
        self._trail_arn = trail_arn
        self._policies = policies

    def start_logging(self) -> None:
        """Of the one trail that this deployment made, whatever name the report has."""
        self._trails.start_logging(Name=self._trail_arn)

    def restore_policy(self, bucket: str) -> None:
        """Compared first: another call of the same kind may be reported meanwhile."""
        if bucket not in self._policies:
            raise NotGuarded(bucket)
        wanted = self._policies[bucket]
        if self._policy_of(bucket) != wanted:
            self._buckets.put_bucket_policy(Bucket=bucket, Policy=json.dumps(wanted))

    def keep_key(self, key_arn: str) -> None:
        """A key whose deletion is taken back is disabled, and only then can be enabled."""
        state = self._keys.describe_key(KeyId=key_arn)["KeyMetadata"]["KeyState"]
        if state == "PendingDeletion":
            self._keys.cancel_key_deletion(KeyId=key_arn)
        if state != "Enabled":
            self._keys.enable_key(KeyId=key_arn)

    def _policy_of(self, bucket: str) -> Any:
        try:
            return json.loads(self._buckets.get_bucket_policy(Bucket=bucket)["Policy"])
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchBucketPolicy":
                return None
            raise
