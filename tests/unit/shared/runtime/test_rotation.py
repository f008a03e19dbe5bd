"""A rotation: four steps, each of which may come twice or late, and none out of its turn."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.runtime.rotation import PENDING, RotationRefused, rotate
from shared.runtime.secrets import CURRENT, PREVIOUS
from tests.support.fakes.fake_secrets_manager import ARN, FakeSecretsManager, error

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


class Killed(BaseException):
    """The function is gone, in the middle of a step."""


class Numbered:
    """A kind of secret that counts; ``told`` is what those who are shown it accept."""

    def __init__(self) -> None:
        self.told: set[str] = {"secret-0"}
        self.made = 0
        self.asked: list[tuple[str, str]] = []

    def create(self, current: str, token: str) -> str:
        self.made += 1
        self.asked.append((current, token))
        return f"secret-{self.made}"

    def set(self, current: str, pending: str) -> None:
        assert current in self.told
        self.told.add(pending)

    def test(self, pending: str) -> None:
        assert pending in self.told, "it does not work"


class Rotating:
    """A secret and its rotation, as Secrets Manager drives it."""

    def __init__(self) -> None:
        self.service = FakeSecretsManager("secret-0")
        self.kind = Numbered()
        self.first = self.service.version_at(CURRENT)
        self.token = str(uuid.uuid4())

    def take(self, *steps: str, token: str | None = None) -> None:
        for step in steps:
            event = {"Step": step, "SecretId": ARN, "ClientRequestToken": token or self.token}
            rotate(self.service, event, self.kind)

    @property
    def labels(self) -> dict[str, str | None]:
        return {it: self.service.version_at(it) for it in (CURRENT, PREVIOUS, PENDING)}


@pytest.fixture
def rotating() -> Rotating:
    return Rotating()


def test_the_four_steps_put_a_new_secret_in_force_and_keep_the_one_before(
    rotating: Rotating, capsys: pytest.CaptureFixture[str]
) -> None:
    rotating.take(*STEPS[:3])
    assert rotating.kind.asked == [("secret-0", rotating.token)]
    assert "SecretRotated" not in capsys.readouterr().out
    assert rotating.labels == {CURRENT: rotating.first, PREVIOUS: None, PENDING: rotating.token}
    rotating.take("finishSecret")
    assert rotating.labels == {CURRENT: rotating.token, PREVIOUS: rotating.first, PENDING: None}
    assert rotating.service.values[rotating.token] == "secret-1"
    assert '"SecretRotated":1' in capsys.readouterr().out


def test_the_version_that_secrets_manager_has_labelled_before_is_the_one(
    rotating: Rotating,
) -> None:
    rotating.service.stages[rotating.token] = [PENDING]  # as on AWS: a version without a value
    rotating.take(*STEPS)
    assert rotating.service.values[rotating.token] == "secret-1"


def test_every_step_twice_makes_one_secret(rotating: Rotating) -> None:
    for step in STEPS:
        rotating.take(step, step)
    assert rotating.kind.made == 1
    assert rotating.labels == {CURRENT: rotating.token, PREVIOUS: rotating.first, PENDING: None}


@pytest.mark.parametrize("begun", range(1, 5))
def test_all_steps_again_after_any_of_them_make_one_secret(rotating: Rotating, begun: int) -> None:
    rotating.take(*STEPS[:begun])
    rotating.take(*STEPS)
    assert rotating.kind.made == 1
    assert rotating.labels == {CURRENT: rotating.token, PREVIOUS: rotating.first, PENDING: None}


def dies_after(method: Callable[..., Any]) -> Callable[..., Any]:
    def dying(**arguments: Any) -> None:
        method(**arguments)
        raise Killed

    return dying


@pytest.mark.parametrize("call", ["put_secret_value", "update_secret_version_stage"])
def test_a_rotation_that_was_killed_after_a_write_goes_on(
    rotating: Rotating, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as context:
        context.setattr(rotating.service, call, dies_after(getattr(rotating.service, call)))
        with pytest.raises(Killed):
            rotating.take(*STEPS)
    rotating.take(*STEPS)
    assert rotating.kind.made == 1
    assert rotating.labels == {CURRENT: rotating.token, PREVIOUS: rotating.first, PENDING: None}


def test_of_a_rotation_that_is_complete_only_the_last_step_tidies_up(
    rotating: Rotating, monkeypatch: pytest.MonkeyPatch
) -> None:
    rotating.take(*STEPS)
    rotating.service.stages[rotating.token].append(PENDING)  # killed before it was taken away
    rotating.take(*STEPS[:3])
    assert rotating.labels[PENDING] == rotating.token
    rotating.take("finishSecret")
    assert rotating.labels == {CURRENT: rotating.token, PREVIOUS: rotating.first, PENDING: None}
    monkeypatch.setattr(
        rotating.service, "update_secret_version_stage", lambda **_: pytest.fail("it writes")
    )
    rotating.take(*STEPS)


def test_a_secret_that_cannot_be_read_now_is_not_taken_for_one_that_is_missing(
    rotating: Rotating,
) -> None:
    rotating.service.fault = error("InternalServiceError")
    with pytest.raises(ClientError, match="InternalServiceError"):
        rotating.take("createSecret")


def test_two_rotations_keep_one_secret_before_the_current_one(rotating: Rotating) -> None:
    rotating.take(*STEPS)
    second = str(uuid.uuid4())
    rotating.take(*STEPS, token=second)
    assert rotating.labels == {CURRENT: second, PREVIOUS: rotating.token, PENDING: None}


@pytest.mark.parametrize("step", STEPS[1:])
def test_a_step_of_a_version_that_is_not_there_is_refused(rotating: Rotating, step: str) -> None:
    with pytest.raises(RotationRefused, match="there is no version"):
        rotating.take(step)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_a_version_that_was_replaced_is_refused(rotating: Rotating, step: str) -> None:
    rotating.take(*STEPS)
    with pytest.raises(RotationRefused, match="is not pending"):
        rotating.take(step, token=rotating.first)
    assert rotating.labels[CURRENT] == rotating.token


@pytest.mark.parametrize("step", ["setSecret", "finishSecret"])
def test_a_version_without_a_value_goes_no_further(rotating: Rotating, step: str) -> None:
    rotating.service.stages[rotating.token] = [PENDING]
    with pytest.raises(RotationRefused, match="no value yet"):
        rotating.take(step)
    assert rotating.labels[CURRENT] == rotating.first


def test_a_new_schedule_is_tried_on_an_empty_version_without_an_error(rotating: Rotating) -> None:
    rotating.service.stages[rotating.token] = [PENDING]
    rotating.take("testSecret")
    assert rotating.labels[CURRENT] == rotating.first


def test_a_trial_that_fails_leaves_no_label_that_keeps_rotations_back(rotating: Rotating) -> None:
    rotating.kind.told = set()
    rotating.service.stages[rotating.token] = [PENDING]
    rotating.service.values[rotating.token] = "secret-0"  # a copy of what is in force
    with pytest.raises(AssertionError, match="does not work"):
        rotating.take("testSecret")
    assert rotating.labels[PENDING] is None
    rotating.kind.told = {"secret-0"}
    rotating.take(*STEPS, token=str(uuid.uuid4()))


def test_a_pending_label_that_secrets_manager_has_taken_away_ends_no_rotation_in_an_error(
    rotating: Rotating, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = rotating.service.update_secret_version_stage

    def tidied_up(**request: Any) -> Any:
        answer = update(**request)
        if request["VersionStage"] == CURRENT:
            rotating.service.stages[rotating.token].remove(PENDING)
        return answer

    monkeypatch.setattr(rotating.service, "update_secret_version_stage", tidied_up)
    rotating.take(*STEPS)
    assert rotating.labels == {CURRENT: rotating.token, PREVIOUS: rotating.first, PENDING: None}


def test_a_label_that_was_moved_by_a_call_whose_answer_was_lost_is_no_error(
    rotating: Rotating, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = rotating.service.update_secret_version_stage

    def twice(**request: Any) -> Any:  # as botocore's retry does
        update(**request)
        return update(**request)

    monkeypatch.setattr(rotating.service, "update_secret_version_stage", twice)
    rotating.take(*STEPS)
    assert rotating.labels == {CURRENT: rotating.token, PREVIOUS: rotating.first, PENDING: None}


@pytest.mark.parametrize("label", [CURRENT, PENDING])
def test_a_label_that_cannot_be_moved_is_an_error(
    rotating: Rotating, label: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = rotating.service.update_secret_version_stage

    def refused(**request: Any) -> Any:
        if request["VersionStage"] == label:
            raise error("InternalServiceError", "UpdateSecretVersionStage")
        return update(**request)

    monkeypatch.setattr(rotating.service, "update_secret_version_stage", refused)
    with pytest.raises(ClientError, match="InternalServiceError"):
        rotating.take(*STEPS)


def test_a_second_rotation_waits_for_the_first(rotating: Rotating) -> None:
    rotating.take("createSecret")
    with pytest.raises(RotationRefused, match="another rotation is under way"):
        rotating.take("createSecret", token=str(uuid.uuid4()))


def test_a_secret_that_does_not_work_is_never_put_in_force(rotating: Rotating) -> None:
    rotating.take("createSecret")
    with pytest.raises(AssertionError, match="does not work"):
        rotating.take("testSecret")
    assert rotating.labels[CURRENT] == rotating.first


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"Step": "eraseSecret", "SecretId": ARN, "ClientRequestToken": str(uuid.uuid4())},
        {"Step": "createSecret", "SecretId": "", "ClientRequestToken": str(uuid.uuid4())},
        {"Step": "createSecret", "SecretId": ARN, "ClientRequestToken": "short"},
        {"Step": "createSecret", "SecretId": ARN, "ClientRequestToken": f"{uuid.uuid4()}\n"},
    ],
)
def test_what_is_no_step_is_refused(rotating: Rotating, event: dict[str, str]) -> None:
    with pytest.raises(RotationRefused, match="not a step of a rotation"):
        rotate(rotating.service, event, rotating.kind)
