"""A permission that nobody needed is told, and one that was missing, but for a reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.product import PRODUCT
from tools.base.endpoint import BY_HAND
from tools.checks.permissions import __main__ as command
from tools.checks.permissions import exercised
from tools.checks.permissions.compare import (
    Call,
    Compared,
    Grant,
    Reason,
    Reasons,
    calls_in,
    compare,
    grants_of,
    plain,
)
from tools.checks.permissions.reasons import known

ROLE = "shop-dev-orders-PlaceOrder"
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/shop-dev-orders-EventStore1A2B3C4D-{}"
HERE, THERE = TABLE.format("E6D0362966377"), TABLE.format("A2B7C51BF12D0")
STORE = "arn:aws:dynamodb:table/shop-dev-orders-EventStore"
PUT, GET = Grant(ROLE, "dynamodb:PutItem", HERE), Grant(ROLE, "dynamodb:GetItem", HERE)


def reason(action: str, resource: str = "*", *roles: str) -> Reason:
    return Reason(roles or ("*",), (action,), (resource,), "why")


def called(grant: Grant, *, allowed: bool = True) -> Call:
    return Call(grant.role, grant.action, grant.resource, allowed)


def test_what_was_called_is_exercised_and_the_rest_unused() -> None:
    found = compare([([PUT, GET], [called(PUT)])])
    assert [(it.action, it.resource) for it in found.exercised] == [("dynamodb:PutItem", STORE)]
    assert [(it.action, it.resource) for it in found.unused] == [("dynamodb:GetItem", STORE)]
    assert not found.holds
    assert compare([([PUT, GET], [called(PUT), called(GET)])]).holds


@pytest.mark.parametrize(
    "call",
    [
        Call("shop-dev-orders-Other", "dynamodb:PutItem", HERE, allowed=True),
        Call(ROLE, "dynamodb:PutItem", THERE, allowed=True),
        Call(ROLE, "dynamodb:PutItem", HERE + "/index/by-time", allowed=True),
        Call(ROLE, "dynamodb:PutItems", HERE, allowed=True),
    ],
)
def test_what_another_did_or_to_something_else_exercises_nothing(call: Call) -> None:
    assert compare([([PUT], [call])]).unused != ()


def test_a_grant_is_needed_if_one_of_several_deployments_used_it() -> None:
    there = Grant(ROLE, "dynamodb:PutItem", THERE)
    found = compare([([PUT], []), ([there], [called(there)])])
    assert (found.holds, len(found.exercised)) == (True, 1)


def test_a_refused_call_is_a_missing_permission_and_exercises_nothing() -> None:
    found = compare([([PUT], [called(PUT, allowed=False)])])
    assert [it.resource for it in found.refused] == [STORE]
    assert len(found.unused) == 1


def test_a_reason_covers_what_it_names_and_is_stale_when_it_covers_nothing() -> None:
    of_get = reason("dynamodb:GetItem", "*:table/shop-dev-orders-*")
    unexercised = Reasons(unexercised=(of_get,))
    assert compare([([PUT, GET], [called(PUT)])], unexercised).holds
    assert compare([([PUT, GET], [called(PUT), called(GET)])], unexercised).stale == (of_get,)
    of_put = reason("dynamodb:PutItem", "*", "shop-none", ROLE)
    meant = Reasons(refused=(of_put,))
    assert compare([([PUT], [called(PUT), called(PUT, allowed=False)])], meant).holds
    assert compare([([PUT], [called(PUT)])], meant).stale == (of_put,)


def test_a_reason_that_also_covers_what_is_exercised_is_contradicted() -> None:
    of_all = reason("dynamodb:*")
    found = compare([([PUT, GET], [called(PUT)])], Reasons(unexercised=(of_all,)))
    assert [(it.action, why) for it, why in found.contradicted] == [("dynamodb:PutItem", of_all)]
    assert (found.stale, found.unused, found.holds) == ((), (), False)


def test_of_grants_alike_one_that_is_used_is_enough_but_not_for_another_action() -> None:
    other = Grant("shop-dev-sales-Count", "dynamodb:PutItem", THERE)
    alike = reason("dynamodb:*", STORE)
    found = compare([([PUT, GET, other], [called(PUT)])], Reasons(alike=(alike,)))
    assert {it.role for it in found.exercised} == {ROLE, other.role}
    assert [it.action for it in found.unused] == ["dynamodb:GetItem"]
    assert len(compare([([PUT, other], [])], Reasons(alike=(alike,))).unused) == 2
    nobodys = reason("s3:*")
    assert compare([([PUT], [called(PUT)])], Reasons(alike=(nobodys,))).stale == (nobodys,)


@pytest.mark.parametrize(
    ("action", "resource"),
    [("dynamodb:*", HERE), ("dynamodb:Put*", TABLE.format("*")), ("DynamoDB:putitem", "*")],
)
def test_patterns_match_as_iams_do(action: str, resource: str) -> None:
    assert compare([([Grant(ROLE, action, resource)], [called(PUT)])]).unused == ()


def test_a_policy_allows_each_action_on_each_resource() -> None:
    allow = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["a", "b"]}
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    found = list(grants_of(ROLE, {"Statement": [allow, deny]}))
    assert [(it.action, it.resource) for it in found] == [
        (action, resource) for action in ("s3:GetObject", "s3:PutObject") for resource in "ab"
    ]


def test_a_batch_of_messages_is_the_action_that_iam_knows() -> None:
    queue = "arn:aws:sqs:eu-west-1:123456789012:work"
    allow = {"Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:SendMessageBatch"]}
    (grant,) = set(grants_of(ROLE, {"Statement": [{**allow, "Resource": queue}]}))
    role = f"arn:aws:sts::123456789012:assumed-role/{ROLE}/x"
    (call,) = calls_in([json.dumps([role, "sqs:SendMessageBatch", queue, True])])
    assert grant.allows(call)
    assert (grant.action, call.action) == ("sqs:SendMessage", "sqs:SendMessage")


def test_of_the_emulators_notes_those_of_functions_count() -> None:
    role = f"arn:aws:sts::123456789012:assumed-role/{ROLE}/x"
    lines = [
        json.dumps([role, "dynamodb:PutItem", HERE, True]),
        json.dumps([role.replace("/x", f"/{BY_HAND}"), "dynamodb:GetItem", HERE, True]),
        json.dumps(["arn:aws:iam::123456789012:root", "dynamodb:PutItem", HERE, True]),
    ]
    assert list(calls_in(lines)) == [called(PUT)]


def test_a_plain_name_is_the_same_in_every_deployment() -> None:
    assert plain(HERE) == plain(THERE) == STORE
    assert plain(f"{HERE}/index/by-time") == f"{STORE}/index/by-time"
    of_no_name = Grant("shop-DeliveryRole2A8B8F29-B7C7F89FF8585", "s3:PutObject", "*")
    assert [it.role for it in compare([([of_no_name], [])]).unused] == ["shop-DeliveryRole"]


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ("lambda:x:1:function:shop-FindF447D88A84BFB924C51", "lambda:function:shop-Find"),
        ("s3:::shop-archiveda4cb258-8a55eccab175f/events/*", "s3:shop-archive/events/*"),
        ("s3:::shop-rebuildscratch1ea77ee3285b728528111/*", "s3:shop-rebuildscratch/*"),
        ("sqs:x:1:shop-HeardQueue6D582384-E0DD7B06ABE29", "sqs:shop-HeardQueue"),
        ("secretsmanager:x:1:secret:Key6D582384-E0DD7B06ABE29-46522e", "secretsmanager:secret:Key"),
        ("appconfig:x:1:application/4083e98/profile/3ee1be6", "appconfig:application//profile/"),
        ("dynamodb:x:1:table/shop/stream/2026-11-27T09:39:54.491Z", "dynamodb:table/shop/stream"),
        ("appsync:x:1:apis/26d43fa030a24d9e864249a3dd/types/Query", "appsync:apis//types/Query"),
        ("kms:x:1:key/2937abbb-0c21-44ab-bdef-e8a3a5ccb1ea", "kms:key/"),
        ("events:x:1:event-bus/shop-dev", "events:event-bus/shop-dev"),
    ],
)
def test_what_a_deployment_adds_is_no_part_of_a_name(resource: str, name: str) -> None:
    assert plain(f"arn:aws:{resource}") == f"arn:aws:{name}"


def test_the_reasons_on_file_can_be_read() -> None:
    reasons = known()
    assert reasons.unexercised
    assert reasons.alike
    assert any(PRODUCT in role for it in reasons.refused for role in it.roles)


@pytest.mark.parametrize(
    "text",
    [
        '[[unexercised]]\nreason = "everything"',
        '[[alike]]\nrole = ["*"]\nreason = "everything"',
        '[[unexercised]]\naction = "kms:*"\nreason = " "',
        '[[refused]]\naction = "kms:*"\nreason = "a"\n[[refused]]\naction = "kms:*"\nreason = "b"',
    ],
)
def test_a_reason_without_words_about_everything_or_given_twice_is_refused(
    tmp_path: Path, text: str
) -> None:
    file = tmp_path / "reasons.toml"
    file.write_text(text)
    with pytest.raises(ValueError, match="toml"):
        known(file)


def test_a_folder_without_records_is_no_proof(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([str(tmp_path)]) == 1
    assert "nothing is recorded" in capsys.readouterr().err


def test_what_is_unused_or_was_refused_fails_and_what_holds_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "known", Reasons)
    file = tmp_path / "exercised.toml"

    def status(*calls: Call) -> int:
        kept = {
            "grants": [[PUT.role, PUT.action, PUT.resource]],
            "calls": [[it.role, it.action, it.resource, it.allowed] for it in calls],
        }
        (tmp_path / "a.json").write_text(json.dumps(kept))
        return command.main([str(tmp_path), f"--keep={file}"])

    assert status() == 1
    assert "unused: shop-dev-orders-PlaceOrder may dynamodb:PutItem" in capsys.readouterr().out
    assert status(called(PUT), called(GET, allowed=False)) == 1
    assert not file.exists()
    assert status(called(PUT)) == 0
    day, kept = exercised.read(file)
    assert kept == {Grant(ROLE, PUT.action, STORE)}
    assert (datetime.now(UTC).date() - day).days in (0, 1)


def test_each_finding_is_a_line_and_the_last_one_counts() -> None:
    found = Compared(
        exercised=(PUT,),
        explained=(),
        unused=(GET,),
        refused=(called(GET, allowed=False),),
        stale=(reason("s3:*"),),
        contradicted=((PUT, reason("dynamodb:*")),),
    )
    *lines, last = command.told(found)
    assert [it.partition(":")[0] for it in lines] == [
        "unused",
        "refused",
        "about nothing in unexercised.toml",
        "exercised",
    ]
    assert last.startswith("1 permissions were exercised, 0 are explained, 1 are unused")
    assert PRODUCT not in "".join(lines)
