"""An operator redrives what a consumer could not apply: planned, then confirmed."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from contracts.product import PRODUCT
from shared.messaging.envelope import encode
from tests.support.drivers.console_operator import ConsoleOperator
from tests.support.drivers.forged_events import put, put_forged
from tests.support.drivers.notification_driver import NotificationDriver, order_placed
from tests.support.drivers.offline import Answer, Deployment, eventually, stopped
from tools.local.operators import GROUP, USER

CONSUMER = "order-view"


class Page(ConsoleOperator):
    """The page of a consumer's parked records."""

    def parked(self) -> list[dict[str, Any]]:
        """Records that are parked now."""
        records: list[dict[str, Any]] = self.get(f"consumers/{CONSUMER}/parked")["parked"]
        return records

    def redrive(self, body: Any, consumer: str = CONSUMER, token: str | None = None) -> Answer:
        """What the API answers to a redrive."""
        return self.post(f"consumers/{consumer}/redrive", body, token)


@pytest.fixture(scope="module")
def page(deployment: Deployment) -> Page:
    return Page(deployment)


@pytest.fixture
def poison(deployment: Deployment, page: Page) -> dict[str, str]:
    """An event of no order, with data that nobody can apply: where it stands, once it is parked."""
    event = put_forged(deployment)
    place = {name: event[name] for name in ("shard", "sequence")}
    eventually(lambda: is_parked(page, place))
    return place


def is_parked(page: Page, place: dict[str, str]) -> bool:
    return any(it.items() >= place.items() for it in page.parked())


def test_a_parked_record_is_planned_confirmed_once_and_gone(
    page: Page, poison: dict[str, str]
) -> None:
    asked = {"records": [poison]}
    planned = page.redrive({"dry_run": True, **asked})
    assert planned.status == 200, planned
    plan = planned.json
    assert [{name: it[name] for name in poison} for it in plan["items"]] == [poison]
    assert is_parked(page, poison), "a plan changes nothing"
    confirmed = {"dry_run": False, "plan": plan["digest"], "expires_at": plan["expires_at"]}

    assert page.redrive({**confirmed}).status == 409, "of other parameters"
    assert page.redrive({**confirmed, **asked, "plan": "0" * 64}).status == 409
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(page.redrive, [{**confirmed, **asked}] * 2))
    assert sorted(it.status for it in answers) == [200, 409], answers
    eventually(lambda: not is_parked(page, poison))


def test_a_record_that_nobody_can_read_is_discarded_and_one_that_is_needed_stays(
    deployment: Deployment, page: Page
) -> None:
    path = f"consumers/{CONSUMER}/discard"
    needed = put_forged(deployment)
    needed_place = {name: needed[name] for name in ("shard", "sequence")}
    place = put(deployment, b"\x00 nobody can read this")
    eventually(lambda: is_parked(page, place) and is_parked(page, needed_place))

    refused = page.post(path, {"dry_run": True, "record": needed_place})
    assert (refused.status, "is stalled" in refused.json["detail"]) == (409, True), refused
    assert page.change(path, record=place) == {"discarded": True}
    assert not is_parked(page, place)
    assert is_parked(page, needed_place)


def test_a_record_is_set_aside_by_its_place_in_the_log(deployment: Deployment, page: Page) -> None:
    path = f"consumers/{CONSUMER}/park"
    # The consumer stands still meanwhile: else it might park the record itself, and sooner.
    with stopped(deployment, "order-views", "ProjectOrders"):
        place = put(deployment, b"crashes whoever reads it")
        assert page.change(path, record=place, reason="crashes it") == {"set aside": True}
        [found] = [it for it in page.parked() if it.items() >= place.items()]
        assert found["reason"] == "crashes it"
    absent = {**place, "sequence": str(int(place["sequence"]) + 10**40)}
    refused = page.post(path, {"dry_run": True, "record": absent})
    assert (refused.status, "no such record" in refused.json["detail"]) == (409, True), refused


def test_dead_letters_are_planned_confirmed_once_and_worked_off(
    deployment: Deployment, page: Page
) -> None:
    path = "queues/notifications/Events/redrive"
    sqs = deployment.cloud.client("sqs")
    url = deployment.named("notifications", "queues", "Events/DeadLetters")
    sqs.purge_queue(QueueUrl=url)  # of what other tests have left
    placed = order_placed(str(uuid.uuid4()), f"customer-{uuid.uuid4()}")
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "source": f"{PRODUCT}.orders",
        "detail-type": placed.type,
        "detail": json.loads(encode(placed)),
    }
    why: Any = {"reason": {"DataType": "String", "StringValue": "failed 10 times \x85<b>"}}
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(event), MessageAttributes=why)
    sqs.send_message(
        QueueUrl=url,
        MessageBody="cut",
        MessageAttributes={"altered": {"DataType": "String", "StringValue": "cut"}},
    )
    try:
        [row] = [
            it
            for it in page.get("queues")["queues"]
            if (it["service"], it["name"]) == ("notifications", "Events")
        ]
        assert (row["redrivable"], row["dead_letters"]) == (True, 2)
        plan = page.plan(path)
        assert [(it["message"], it["order"]) for it in plan["items"]] == [
            ("OrderPlaced", placed.aggregate_id)
        ]
        assert "1 cannot be sent" in " ".join(plan["does"])
        driver = NotificationDriver(deployment)
        assert not driver.settled(placed.event_id), "a plan changes nothing"
        confirmed = {"dry_run": False, "plan": plan["digest"], "expires_at": plan["expires_at"]}
        assert page.post(path, {**confirmed, "plan": "0" * 64}).status == 409
        with ThreadPoolExecutor(2) as both:
            answers = list(both.map(lambda _: page.post(path, confirmed), range(2)))
        assert sorted(it.status for it in answers) == [200, 409], answers
        [result] = [it.json["result"] for it in answers if it.status == 200]
        assert result["sent"] == 1
        # The customer is nobody: the message is settled all the same.
        eventually(partial(driver.settled, placed.event_id))
        refused = page.post(path, {"dry_run": True})
        assert (refused.status, "evidence" in refused.json["detail"]) == (409, True), refused
    finally:
        for _ in range(5):
            for it in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=it["ReceiptHandle"])


@pytest.mark.parametrize(
    "path", ["notifications/Nobody", "nobody/Events", "notifications/%2e%2e", "event-log/Bus"]
)
def test_there_is_no_such_queue(page: Page, path: str) -> None:
    assert page.post(f"queues/{path}/redrive", {"dry_run": True}).status == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ([], 400),
        ({"dry_run": "yes"}, 400),
        ({"dry_run": True, "everything": True}, 400),
        ({"dry_run": True, "records": []}, 400),
        ({"dry_run": True, "records": [{"shard": "s", "sequence": "1"}] * 26}, 400),
        ({"dry_run": True, "records": [{"shard": "s" * 120, "sequence": "1" * 120}] * 100}, 413),
        ({"dry_run": False}, 409),
    ],
    ids=("nothing", "a list", "a word", "more", "none", "too many", "too much", "no plan"),
)
def test_what_is_no_change_is_a_problem(page: Page, body: Any, status: int) -> None:
    answer = page.redrive(body)
    assert answer.status == status, answer
    assert answer.json["status"] == status


def test_there_is_no_such_consumer(page: Page) -> None:
    assert page.redrive({"dry_run": True}, consumer="nobody").status == 404


def test_who_is_no_operator_changes_nothing(deployment: Deployment, page: Page) -> None:
    pool = next(iter(deployment.outputs["services"]["console"]["user_pools"].values()))
    cognito = deployment.cloud.client("cognito-idp")
    cognito.admin_remove_user_from_group(UserPoolId=pool, Username=USER, GroupName=GROUP)
    try:
        token = page.app.access_token(page.operator)
        assert page.redrive({"dry_run": True}, token=token).status == 403
    finally:
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=USER, GroupName=GROUP)
