"""A carrier is one entry of a list: everything that it needs follows from the entry."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment
from hypothesis import given
from hypothesis import strategies as st

from shipping.domain.carriers import Carrier, Parcel
from shipping.domain.quote_aggregation import QuoteAggregation
from stacks.shipping import CARRIER_LIST, ShippingStack
from stacks.stage import from_context
from tests.infra.system import CONTEXT

CARRIERS: Sequence[Mapping[str, Any]] = json.loads(CARRIER_LIST.read_text())
NEWCOMER: Mapping[str, Any] = {
    "name": "osprey-air",
    "grams": {"from": 500, "to": 2500},
    "days": {"JP": 4, "US": 3},
    "quotes_hold_minutes": 60,
    "tariff": {"USD": {"base": 2990, "per_kg": 900}},
}


def template(carriers: Sequence[Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """Shipping's resources for a carrier list; for the packaged one if none is given."""
    app = App(outdir=tempfile.mkdtemp(), context=CONTEXT)
    stack = ShippingStack(
        app,
        stage=from_context(app),
        carriers=carriers,
        env=Environment(region=CONTEXT["region"]),
    )
    assembly = Path(app.synth().directory)
    resources: dict[str, Any] = json.loads(
        (assembly / f"{stack.artifact_id}.template.json").read_text()
    )["Resources"]
    return resources


@pytest.fixture(scope="module")
def before() -> dict[str, Any]:
    return template()


@pytest.fixture(scope="module")
def after() -> dict[str, Any]:
    return template([*CARRIERS, NEWCOMER])


def of_type(resources: Mapping[str, Any], type: str) -> dict[str, Any]:
    return {id: it for id, it in resources.items() if it["Type"] == type}


def subscription_of(resources: Mapping[str, Any], name: str) -> dict[str, Any]:
    [found] = [
        it["Properties"]
        for id, it in of_type(resources, "AWS::SNS::Subscription").items()
        if id.startswith("".join(part.capitalize() for part in name.split("-")))
    ]
    assert isinstance(found, dict)
    return found


def test_a_new_carrier_is_one_entry_and_gets_all_that_a_carrier_has(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    added = Counter(it["Type"] for id, it in after.items() if id not in before)
    assert added == {
        "AWS::SQS::Queue": 2,  # requests and dead letters
        "AWS::SQS::QueuePolicy": 2,
        "AWS::SNS::Subscription": 1,
        "AWS::CloudWatch::Alarm": 3,  # dead letters, throttles, and a queue that nobody reads
        "AWS::Lambda::Function": 1,
        "AWS::Lambda::EventSourceMapping": 1,
        "AWS::IAM::Role": 1,
        "AWS::IAM::Policy": 1,
        "AWS::Logs::LogGroup": 1,
        "AWS::ApiGateway::ApiKey": 1,
        "AWS::ApiGateway::UsagePlan": 1,
        "AWS::ApiGateway::UsagePlanKey": 1,
    }
    assert set(before) <= set(after)


def test_a_new_carrier_changes_nothing_of_the_others_but_who_may_call_them(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    changed = {id for id in before if before[id] != after[id]}
    types = {(after[id]["Type"], id.rstrip("0123456789ABCDEF")) for id in changed}
    assert types == {
        ("AWS::Lambda::Function", "QueuedCommands"),  # the new carrier's ARN
        ("AWS::IAM::Policy", "QueuedCommandsRoleDefaultPolicy"),  # and the permission to call it
        ("AWS::Lambda::Function", "TrackShipment"),  # the new key's id
        ("AWS::Lambda::Function", "RedriveQueues"),  # the new carrier's queue
        ("AWS::IAM::Policy", "RedriveQueuesRoleDefaultPolicy"),  # and the permission to redrive it
    }


@pytest.mark.parametrize("entry", CARRIERS, ids=lambda it: it["name"])
def test_a_carriers_queue_gets_what_its_entry_says(
    before: dict[str, Any], entry: Mapping[str, Any]
) -> None:
    subscription = subscription_of(before, entry["name"])
    assert subscription["RawMessageDelivery"] is True
    assert subscription["RedrivePolicy"]["deadLetterTargetArn"]
    assert subscription["FilterPolicy"] == {
        "weight_grams": [{"numeric": [">=", entry["grams"]["from"], "<=", entry["grams"]["to"]]}],
        "country": sorted(entry["days"]),
        "currency": sorted(entry["tariff"]),
        "asked": [entry["name"]],
    }


def lets_through(
    policy: Mapping[str, Any], parcel: Parcel, currency: str, asked: Collection[str]
) -> bool:
    """What SNS does with a filter policy of this form."""
    [weight] = policy["weight_grams"]
    _, least, _, most = weight["numeric"]
    return (
        least <= parcel.weight_grams <= most
        and parcel.country in policy["country"]
        and currency in policy["currency"]
        and not set(asked).isdisjoint(policy["asked"])
    )


LIMITS = sorted(
    {grams + off for it in CARRIERS for grams in it["grams"].values() for off in (-1, 0, 1)} - {0}
)


@given(
    st.sampled_from(LIMITS) | st.integers(1, 2_000_000),
    st.sampled_from(["AT", "CH", "DE", "DK", "GB", "US", "ZZ"]),
    st.sampled_from(["EUR", "GBP", "USD", "CHF"]),
    st.sets(st.sampled_from([entry["name"] for entry in CARRIERS])),
)
def test_exactly_the_carriers_that_are_expected_are_asked(
    grams: int, country: str, currency: str, may_be_asked: set[str]
) -> None:
    parcel = Parcel(grams, country, "1")
    everybody = [Carrier.from_entry(entry) for entry in CARRIERS]
    begun = QuoteAggregation.begin(everybody, may_be_asked, "o", "r", "{}", parcel, currency)
    for entry in CARRIERS:
        policy = subscription_of(TEMPLATE, entry["name"])["FilterPolicy"]
        is_asked = lets_through(policy, parcel, currency, asked=begun.expected)
        assert is_asked == (entry["name"] in begun.expected), entry["name"]


@given(
    st.sampled_from(LIMITS) | st.integers(1, 2_000_000),
    st.sampled_from(["AT", "CH", "DE", "DK", "GB", "US", "ZZ"]),
    st.sampled_from(["EUR", "GBP", "USD", "CHF"]),
)
def test_a_filter_and_the_service_agree_about_what_a_carrier_takes(
    grams: int, country: str, currency: str
) -> None:
    parcel = Parcel(grams, country, "1")
    for entry in CARRIERS:
        policy = subscription_of(TEMPLATE, entry["name"])["FilterPolicy"]
        takes = Carrier.from_entry(entry).takes(parcel, currency)
        everybody = [it["name"] for it in CARRIERS]
        assert takes == lets_through(policy, parcel, currency, everybody), entry["name"]


TEMPLATE = template()


@pytest.mark.parametrize("entry", CARRIERS, ids=lambda it: it["name"])
def test_a_carrier_reaches_its_own_records_and_the_reply_queue_only(
    before: dict[str, Any], entry: Mapping[str, Any]
) -> None:
    id = "".join(part.capitalize() for part in entry["name"].split("-"))
    [policy] = [
        it
        for name, it in of_type(before, "AWS::IAM::Policy").items()
        if name.startswith(f"{id}Role")
    ]
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    statement_of_carrier = [it for it in statements if "dynamodb:PutItem" in it["Action"]]
    assert [it["Condition"] for it in statement_of_carrier] == [
        {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [entry["name"]]}}
    ]
    sends = [it["Resource"] for it in statements if "sqs:SendMessage" in it["Action"]]
    text = json.dumps(sends)
    assert "AnswersQueue" in text
    assert f"{id}RequestsDeadLetters" in text
    assert "Commands" not in text
    assert "Deadlines" not in text


def test_the_topic_may_deliver_into_the_carriers_encrypted_queues(before: dict[str, Any]) -> None:
    [key] = of_type(before, "AWS::KMS::Key").values()
    admitted = [
        it
        for it in key["Properties"]["KeyPolicy"]["Statement"]
        if it["Principal"].get("Service") == "sns.amazonaws.com"
    ]
    assert [it["Action"] for it in admitted] == [["kms:Decrypt", "kms:GenerateDataKey"]]
    for entry in CARRIERS:
        subscription = subscription_of(before, entry["name"])
        queue = subscription["Endpoint"]["Fn::GetAtt"][0]
        policies = [
            it["Properties"]["PolicyDocument"]["Statement"]
            for it in of_type(before, "AWS::SQS::QueuePolicy").values()
            if it["Properties"]["Queues"] == [{"Ref": queue}]
        ]
        services = [
            statement["Principal"].get("Service")
            for statements in policies
            for statement in statements
            if isinstance(statement["Principal"], dict)
        ]
        assert "sns.amazonaws.com" in services


def test_every_carrier_quotes_in_every_currency_that_is_sold_in() -> None:
    for entry in CARRIERS:
        assert set(entry["tariff"]) == {"EUR", "GBP", "USD"}, entry["name"]
