"""Shipping's configuration as deployed: a running worker follows it, and nonsense is refused."""

from __future__ import annotations

import json
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any

import pytest

from shared.messaging.envelope import Envelope
from tests.support.drivers.live_configuration import changed, process_ids
from tests.support.drivers.offline import Deployment, eventually
from tests.support.drivers.shipping_driver import (
    CARRIERS,
    ShippingDriver,
    book_shipment,
    gather_quotes,
)
from tools.configuration import flags

SHORT, USUAL = 2, 10
"""Seconds that carriers have to answer: for a while, and else."""


@pytest.fixture(scope="module")
def driver(deployment: Deployment) -> ShippingDriver:
    return ShippingDriver.at(deployment)


@contextmanager
def all_silent(driver: ShippingDriver) -> Iterator[None]:
    """No carrier answers."""
    with ExitStack() as silent:
        for carrier in CARRIERS:
            silent.enter_context(driver.misbehaving(carrier, answers={"S": "never"}))
        yield


def deadline_of(driver: ShippingDriver, asked: Envelope) -> float:
    """How many seconds after the question its aggregation is closed."""

    def item() -> Mapping[str, Any] | None:
        found = driver.deployment.cloud.client("dynamodb").get_item(
            TableName=driver.deployment.named("shipping", "tables", "Gatherings"),
            Key={"order_id": {"S": asked.aggregate_id}, "request_id": {"S": asked.event_id}},
            ConsistentRead=True,
        )
        return found["Item"] if "deadline" in found.get("Item", {}) else None

    known = eventually(item)
    assert known
    begun = datetime.fromisoformat(asked.occurred_at)
    return (datetime.fromisoformat(known["deadline"]["S"]) - begun).total_seconds()


def sent_now(driver: ShippingDriver) -> Envelope:
    """A question of this moment."""
    asked = gather_quotes(str(uuid.uuid4()))
    driver.send(asked)
    return asked


def test_a_new_deadline_takes_effect_in_the_same_process(driver: ShippingDriver) -> None:
    with all_silent(driver):
        before = sent_now(driver)
        assert USUAL <= deadline_of(driver, before) < 2 * USUAL
        processes = process_ids(driver.deployment, "shipping", "QueuedCommands")
        with changed(driver.deployment, "shipping", settings={"quote_deadline_seconds": SHORT}):
            after = sent_now(driver)
            assert SHORT <= deadline_of(driver, after) < USUAL
            # Nobody answers, so that the answer comes when the time is up and not before.
            assert driver.reply(after)["reason"] == "no-quotes"
    assert process_ids(driver.deployment, "shipping", "QueuedCommands") <= processes  # no new one


ADMITS_TOPICS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": "*",
        }
    ],
}


@contextmanager
def listening(
    driver: ShippingDriver, policy: Mapping[str, Any] | None
) -> Iterator[Callable[[], set[str]]]:
    """A queue on the quote requests' topic, with a filter of a carrier or none.

    Gives a function that returns the orders of the requests that came through until now.
    """
    cloud = driver.deployment.cloud
    sqs, sns = cloud.client("sqs"), cloud.client("sns")
    url = sqs.create_queue(
        QueueName=f"listener-{uuid.uuid4()}", Attributes={"Policy": json.dumps(ADMITS_TOPICS)}
    )["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    filtered = {"FilterPolicy": json.dumps(policy)} if policy else {}
    subscription = sns.subscribe(
        TopicArn=driver.deployment.named("shipping", "topics", "QuoteRequests"),
        Protocol="sqs",
        Endpoint=arn["QueueArn"],
        Attributes={"RawMessageDelivery": "true", **filtered},
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    orders: set[str] = set()

    def heard() -> set[str]:
        while messages := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=600
        ).get("Messages"):
            orders.update(json.loads(it["Body"])["aggregate_id"] for it in messages)
        return orders

    try:
        yield heard
    finally:
        sns.unsubscribe(SubscriptionArn=subscription)
        sqs.delete_queue(QueueUrl=url)


def filter_of(driver: ShippingDriver, carrier: str) -> Mapping[str, Any]:
    """The deployed filter on a carrier's queue."""
    sns = driver.deployment.cloud.client("sns")
    topic = driver.deployment.named("shipping", "topics", "QuoteRequests")
    for it in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]:
        attributes = sns.get_subscription_attributes(SubscriptionArn=it["SubscriptionArn"])
        policy: dict[str, Any] = json.loads(attributes["Attributes"].get("FilterPolicy", "{}"))
        if policy.get("asked") == [carrier]:
            return policy
    raise AssertionError(f"no subscription of {carrier}")


def test_a_paused_carrier_is_not_asked_and_nobody_waits_for_it(driver: ShippingDriver) -> None:
    paused, resumed = (gather_quotes(str(uuid.uuid4())) for _ in range(2))
    with (
        listening(driver, None) as everything,
        listening(driver, filter_of(driver, "tern-post")) as to_tern_post,
    ):
        with changed(
            driver.deployment, "shipping", pause_carrier={"enabled": True, "carrier": "tern-post"}
        ):
            answer = driver.ask(paused)["data"]
        assert [it["carrier"] for it in answer["quotes"]] == ["aquila-express", "heron-freight"]
        assert answer["missing"] == []
        assert len(driver.ask(resumed)["data"]["quotes"]) == len(CARRIERS)
        eventually(lambda: everything() == {paused.aggregate_id, resumed.aggregate_id})
        assert to_tern_post() == {resumed.aggregate_id}


def test_only_the_carriers_of_the_settings_are_asked(driver: ShippingDriver) -> None:
    with changed(driver.deployment, "shipping", settings={"carriers": ["heron-freight"]}):
        answer = driver.ask(gather_quotes(str(uuid.uuid4())))["data"]
    assert [it["carrier"] for it in answer["quotes"]] == ["heron-freight"]


def test_a_quote_from_before_the_pause_can_still_be_booked(driver: ShippingDriver) -> None:
    order_id, best = driver.quoted()
    with changed(
        driver.deployment, "shipping", pause_carrier={"enabled": True, "carrier": best["carrier"]}
    ):
        assert driver.ask(book_shipment(order_id, best))["outcome"] == "done"


@pytest.mark.parametrize(
    ("document", "refusal"),
    [
        ({"carriers": ["tern-post", "osprey-air"]}, "/carriers/1"),
        ({"quote_deadline_seconds": 300}, "/quote_deadline_seconds"),
        (
            flags.to_appconfig({"pause-carrier": {"enabled": True, "carrier": "osprey-air"}}),
            "/pause-carrier/carrier",
        ),
    ],
    ids=["carriers", "deadline", "paused carrier"],
)
def test_a_document_without_sense_is_refused_by_the_validator(
    deployment: Deployment, document: Mapping[str, Any], refusal: str
) -> None:
    answer = deployment.cloud.client("lambda").invoke(
        FunctionName=deployment.named("shipping", "functions", "ValidateConfiguration"),
        Payload=json.dumps({"content": b64encode(json.dumps(document).encode()).decode()}),
    )
    assert answer["FunctionError"]
    assert refusal in json.loads(answer["Payload"].read())["errorMessage"]
