"""The four steps by which Secrets Manager replaces a secret, each of which may come again.

Secrets Manager calls ``createSecret``, ``setSecret``, ``testSecret`` and ``finishSecret`` in this
order, each with the id that the new version has, and begins again after a failure. A version is
pending until the last step makes it the current one; readers see nothing of it before.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Protocol

import msgspec
from botocore.exceptions import ClientError

from shared.runtime import log
from shared.runtime.secrets import CURRENT

PENDING = "AWSPENDING"


class RotationRefused(Exception):
    """The step is not one that may come now; says why."""


class Kind(Protocol):
    """How one kind of secret is replaced. Secrets are as Secrets Manager keeps them: texts.

    Every method may be called again with the same arguments, also after a later one was.
    """

    def create(self, current: str, token: str) -> str:
        """A new secret; ``token`` is its version's id, unique to this rotation."""

    def set(self, current: str, pending: str) -> None:
        """Let those whom it is shown to accept the new one, beside the current one."""

    def test(self, pending: str) -> None:
        """Raise unless the new one works."""


class RotationStep(msgspec.Struct, frozen=True, rename="pascal"):
    """Secrets Manager's event."""

    step: Literal["createSecret", "setSecret", "testSecret", "finishSecret"]
    secret_id: Annotated[str, msgspec.Meta(min_length=1)]
    client_request_token: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{32,64}\Z")]


def rotate(client: Any, event: Mapping[str, Any], kind: Kind) -> None:
    """Take one step; a step of a rotation that is complete does nothing.

    Raises:
        RotationRefused: not a step, or not of a version whose turn it is.
    """
    try:
        request = msgspec.convert(event, RotationStep)
    except msgspec.ValidationError as malformed:
        raise RotationRefused(f"not a step of a rotation: {malformed}") from malformed
    _Rotation(client, request, kind).take_step()


class _Rotation:
    def __init__(self, client: Any, request: RotationStep, kind: Kind) -> None:
        self._client = client
        self._secret_id = request.secret_id
        self._step = request.step
        self._token = request.client_request_token
        self._kind = kind

    def take_step(self) -> None:
        stages = self._client.describe_secret(SecretId=self._secret_id)["VersionIdsToStages"]
        if CURRENT in stages.get(self._token, ()):
            self._forget_that_it_was_pending(stages[self._token])
            return
        self._assert_its_turn(stages)
        match self._step:
            case "createSecret":
                self._create()
            case "setSecret":
                self._kind.set(self._value_at(CURRENT), self._pending())
            case "testSecret":
                self._test()
            case "finishSecret":
                self._finish(stages)
        log.info("step of a rotation taken", step=self._step, version=self._token)

    def _assert_its_turn(self, stages: Mapping[str, Sequence[str]]) -> None:
        if self._token in stages and PENDING not in stages[self._token]:
            raise RotationRefused(f"version {self._token} is not pending")
        if self._token not in stages and self._step != "createSecret":
            raise RotationRefused(f"there is no version {self._token}")
        for version, labels in stages.items():
            if version != self._token and PENDING in labels and CURRENT not in labels:
                raise RotationRefused(f"another rotation is under way: {version} is pending")

    def _create(self) -> None:
        if self._find(self._token) is None:
            self._client.put_secret_value(
                SecretId=self._secret_id,
                ClientRequestToken=self._token,
                SecretString=self._kind.create(self._value_at(CURRENT), self._token),
                VersionStages=[PENDING],
            )

    def _test(self) -> None:
        """Try the pending version; also when Secrets Manager tries this step alone.

        It does so when a schedule is new, with a pending version that no other step has filled. If
        that fails, nobody would take its label away, and the label would refuse every rotation.
        """
        pending = self._find(self._token)
        if pending is None:
            log.info("nothing to test: the pending version is empty", version=self._token)
            return
        try:
            self._kind.test(pending)
        except Exception:
            if pending == self._value_at(CURRENT):  # a rotation would have made another
                self._take_away_pending()
            raise

    def _finish(self, stages: Mapping[str, Sequence[str]]) -> None:
        self._pending()  # a version without a value must not become the current one
        before = next(version for version, labels in stages.items() if CURRENT in labels)
        try:
            self._client.update_secret_version_stage(
                SecretId=self._secret_id,
                VersionStage=CURRENT,  # the one before becomes AWSPREVIOUS by itself
                MoveToVersionId=self._token,
                RemoveFromVersionId=before,
            )
        except ClientError:
            if not self._has(CURRENT):  # else a call before, whose answer was lost, has moved it
                raise
        self._take_away_pending()
        log.metric("SecretRotated", 1)

    def _forget_that_it_was_pending(self, labels: Sequence[str]) -> None:
        if self._step == "finishSecret" and PENDING in labels:
            self._take_away_pending()

    def _take_away_pending(self) -> None:
        """Secrets Manager tidies up as well, in its own time: what is gone already is no error."""
        try:
            self._client.update_secret_version_stage(
                SecretId=self._secret_id, VersionStage=PENDING, RemoveFromVersionId=self._token
            )
        except ClientError:
            if self._has(PENDING):
                raise

    def _has(self, label: str) -> bool:
        stages = self._client.describe_secret(SecretId=self._secret_id)["VersionIdsToStages"]
        return label in stages.get(self._token, ())

    def _pending(self) -> str:
        value = self._find(self._token)
        if value is None:
            raise RotationRefused(f"version {self._token} has no value yet")
        return value

    def _find(self, version: str) -> str | None:
        try:
            answer = self._client.get_secret_value(
                SecretId=self._secret_id, VersionId=version, VersionStage=PENDING
            )
        except ClientError as failure:
            if failure.response["Error"]["Code"] == "ResourceNotFoundException":
                return None
            raise
        found: str = answer["SecretString"]
        return found

    def _value_at(self, stage: str) -> str:
        answer = self._client.get_secret_value(SecretId=self._secret_id, VersionStage=stage)
        value: str = answer["SecretString"]
        return value
