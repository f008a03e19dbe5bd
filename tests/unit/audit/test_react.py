"""A forbidden change is undone once, told once, and never undone where it need not be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from audit.adapters.guarded import GuardedOnAws
from audit.adapters.operations_topic import OperationsTopic
from audit.adapters.trail_event import NotAReport, read
from audit.handlers.react import Reaction
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.retries import Retries
from tests.support.examples.trail_reports import KEY, MALLORY, TRAIL, report
from tests.support.fakes.fake_queue import FakeQueue, delivered, refusal

POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny"}]}
ATTEMPTS = 3


class Aws:
    """CloudTrail, S3, KMS and SNS, as far as the reaction uses them."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.told: list[str] = []
        self.policies: dict[str, Any] = {}
        self.key_state = "PendingDeletion"
        self.refuses: str | None = None

    def start_logging(self, *, Name: str) -> None:  # noqa: N803 - botocore's
        self._called(f"StartLogging {Name}")

    def get_bucket_policy(self, *, Bucket: str) -> Any:  # noqa: N803
        if Bucket not in self.policies:
            raise refusal("NoSuchBucketPolicy", "")
        return {"Policy": json.dumps(self.policies[Bucket])}

    def put_bucket_policy(self, *, Bucket: str, Policy: str) -> None:  # noqa: N803
        self._called(f"PutBucketPolicy {Bucket}")
        self.policies[Bucket] = json.loads(Policy)

    def describe_key(self, *, KeyId: str) -> Any:  # noqa: N803
        return {"KeyMetadata": {"KeyState": self.key_state}}

    def cancel_key_deletion(self, *, KeyId: str) -> None:  # noqa: N803
        self._called(f"CancelKeyDeletion {KeyId}")
        self.key_state = "Disabled"

    def enable_key(self, *, KeyId: str) -> None:  # noqa: N803
        self._called(f"EnableKey {KeyId}")
        self.key_state = "Enabled"

    def publish(self, *, TopicArn: str, Subject: str, Message: str) -> None:  # noqa: N803
        self.told.append(Message)

    def _called(self, call: str) -> None:
        if self.refuses:
            raise refusal(self.refuses, "")
        self.calls.append(call)


@pytest.fixture
def aws() -> Aws:
    return Aws()


@pytest.fixture
def parked() -> FakeQueue:
    return FakeQueue()


@pytest.fixture
def reaction(aws: Aws, parked: FakeQueue) -> Reaction:
    return Reaction(
        GuardedOnAws(aws, aws, aws, trail_arn=TRAIL, policies={"archive": POLICY}),
        OperationsTopic(aws, "arn:topic"),
        DeadLetters(parked, "dead-letters"),
        Retries(FakeQueue(), "queue", ATTEMPTS),
    )


def test_a_stopped_trail_records_again_and_operators_know_who_stopped_it(
    reaction: Reaction, aws: Aws
) -> None:
    assert reaction.settled(delivered(report("StopLogging", name="other-name")))
    assert aws.calls == [f"StartLogging {TRAIL}"]
    [told] = aws.told
    assert MALLORY in told
    assert "StopLogging" in told
    assert "undone" in told


@pytest.mark.parametrize("call", ["PutBucketPolicy", "DeleteBucketPolicy"])
def test_a_policy_is_put_back_once(call: str, reaction: Reaction, aws: Aws) -> None:
    for _ in range(2):
        assert reaction.settled(delivered(report(call, bucketName="archive")))
    assert aws.calls == ["PutBucketPolicy archive"]
    assert aws.policies == {"archive": POLICY}
    assert len(aws.told) == 2


@pytest.mark.parametrize(
    ("state", "calls"),
    [
        ("PendingDeletion", [f"CancelKeyDeletion {KEY}", f"EnableKey {KEY}"]),
        ("Disabled", [f"EnableKey {KEY}"]),
        ("Enabled", []),
    ],
)
def test_a_key_can_be_used_again(
    state: str, calls: list[str], reaction: Reaction, aws: Aws
) -> None:
    aws.key_state = state
    assert reaction.settled(delivered(report("ScheduleKeyDeletion", resources=[KEY])))
    assert aws.calls == calls


@pytest.mark.parametrize(
    "body",
    [
        report("DeleteTrail", name=TRAIL),
        report("PutEventSelectors", trailName=TRAIL),
        report("DeleteItem", resources=["arn:aws:dynamodb:eu-west-1:1:table/store"]),
        report("PutBucketPolicy", bucketName="no-policy-is-kept-of-it"),
    ],
)
def test_what_nothing_can_undo_is_told_and_counted(
    body: str, reaction: Reaction, aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reaction.settled(delivered(body))
    assert not aws.calls
    assert "STANDS" in aws.told[0]
    assert "ForbiddenChangesStanding" in capsys.readouterr().out


def test_undone_changes_raise_no_alarm(
    reaction: Reaction, capsys: pytest.CaptureFixture[str]
) -> None:
    reaction.settled(delivered(report("StopLogging", name=TRAIL)))
    out = capsys.readouterr().out
    assert "ForbiddenChanges" in out
    assert "ForbiddenChangesStanding" not in out


def test_who_may_not_undo_tries_again_tells_at_first_and_at_last_and_parks(
    reaction: Reaction, aws: Aws, parked: FakeQueue
) -> None:
    aws.refuses = "AccessDenied"
    body = report("StopLogging", name=TRAIL)
    settled = [reaction.settled(delivered(body, failures=it)) for it in range(ATTEMPTS)]
    assert settled == [False, False, True]
    assert len(aws.told) == 2
    assert "NOT UNDONE yet (ClientError)" in aws.told[0]
    assert f"failed {ATTEMPTS} times" in aws.told[1]
    assert parked.sent[0]["MessageBody"] == body


def test_operators_who_cannot_be_told_are_told_later(reaction: Reaction, aws: Aws) -> None:
    def unreachable(**_: Any) -> None:
        raise refusal("InternalError", "")

    aws.publish = unreachable  # type: ignore[method-assign]
    with pytest.raises(ClientError):
        reaction.settled(delivered(report("StopLogging", name=TRAIL)))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"detail": {}}',
        report("StopLogging"),
        report("PutBucketPolicy", bucketName=7),
        report("ScheduleKeyDeletion", resources=[]),
        "[" * 2000,
        '{"detail": "\ud800"}',
    ],
)
def test_what_is_no_report_is_parked_and_undoes_nothing(
    body: str, reaction: Reaction, aws: Aws, parked: FakeQueue
) -> None:
    assert reaction.settled(delivered(body))
    assert not aws.calls
    assert not aws.told
    assert len(parked.sent) == 1


def test_what_a_caller_calls_itself_acts_on_no_terminal() -> None:
    change = read(report("StopLogging", name=TRAIL, who="arn:\x1b[2J" + "x" * 5000))
    assert "\x1b" not in change.who
    assert len(change.who) <= 300


def test_who_has_no_arn_is_named_by_type_and_account() -> None:
    assert read(report("StopLogging", name=TRAIL, who=None)).who == "AssumedRole of 123456789012"


def test_a_report_without_a_resource_is_none() -> None:
    with pytest.raises(NotAReport):
        read(report("DeleteItem"))
