"""Secrets Manager in memory: one secret with its versions, and the faults that it may have."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:planted-AbCdEf"


class FakeSecretsManager:
    """As botocore's client. ``fault`` is raised by every read; ``reads`` counts them all."""

    def __init__(self, value: str) -> None:
        self.values: dict[str, str] = {}
        self.stages: dict[str, list[str]] = {}
        self.fault: Exception | None = None
        self.reads = 0
        self.changed = datetime.now(UTC)
        self.put(value)

    def put(self, value: str) -> str:
        """A new current version; the one before becomes the previous one. Returns its id."""
        version = str(uuid.uuid4())
        self.values[version] = value
        self.stages[version] = []
        self._label("AWSCURRENT", version)
        return version

    def version_at(self, stage: str) -> str | None:
        """The id of the version that bears a label."""
        return next((it for it, labels in self.stages.items() if stage in labels), None)

    def get_secret_value(
        self,
        *,
        SecretId: str,  # noqa: N803
        VersionStage: str = "AWSCURRENT",  # noqa: N803
        VersionId: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        """As GetSecretValue."""
        assert SecretId == ARN
        self.reads += 1
        if self.fault:
            raise self.fault
        version = VersionId or self.version_at(VersionStage)
        if version not in self.values or VersionStage not in self.stages[version]:
            raise error("ResourceNotFoundException", "GetSecretValue")
        return {"SecretString": self.values[version], "VersionId": version}

    def describe_secret(self, *, SecretId: str) -> dict[str, Any]:  # noqa: N803
        """As DescribeSecret."""
        assert SecretId == ARN
        stages = {it: list(labels) for it, labels in self.stages.items() if labels}
        return {"VersionIdsToStages": stages, "LastChangedDate": self.changed}

    def put_secret_value(
        self,
        *,
        SecretId: str,  # noqa: N803
        ClientRequestToken: str,  # noqa: N803
        SecretString: str,  # noqa: N803
        VersionStages: list[str],  # noqa: N803
    ) -> dict[str, Any]:
        """As PutSecretValue: a version's value never changes."""
        assert SecretId == ARN
        if self.values.get(ClientRequestToken, SecretString) != SecretString:
            raise error("ResourceExistsException", "PutSecretValue")
        self.values[ClientRequestToken] = SecretString
        self.stages.setdefault(ClientRequestToken, [])
        for stage in VersionStages:
            self._label(stage, ClientRequestToken)
        return {}

    def update_secret_version_stage(
        self,
        *,
        SecretId: str,  # noqa: N803
        VersionStage: str,  # noqa: N803
        RemoveFromVersionId: str,  # noqa: N803
        MoveToVersionId: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        """As UpdateSecretVersionStage: a label is moved from where it is, or not at all."""
        assert SecretId == ARN
        if VersionStage not in self.stages[RemoveFromVersionId]:
            raise error("InvalidParameterException", "UpdateSecretVersionStage")
        self.stages[RemoveFromVersionId].remove(VersionStage)
        if MoveToVersionId:
            self.stages[RemoveFromVersionId].append(VersionStage)
            self._label(VersionStage, MoveToVersionId)
        return {}

    def _label(self, stage: str, version: str) -> None:
        before = self.version_at(stage)
        if before:
            self.stages[before].remove(stage)
        if before and stage == "AWSCURRENT" and before != version:
            self._label("AWSPREVIOUS", before)
        self.stages[version].append(stage)


def error(code: str, operation: str = "GetSecretValue") -> ClientError:
    """What botocore raises for an error of the service."""
    return ClientError({"Error": {"Code": code, "Message": "as planted"}}, operation)
