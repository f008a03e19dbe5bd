"""The DynamoDB client that passes botocore's serializer by says and hears what botocore would."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from botocore.model import ServiceModel
from botocore.parsers import PROTOCOL_PARSERS
from botocore.session import Session

from shared.runtime import aws
from tools.measure.benchmarks.probes.botocore_stub import Body

ITEM = {
    "id": {"S": "ünï \U0001f69a"},
    "count": {"N": "7"},
    "yes": {"BOOL": True},
    "none": {"NULL": True},
    "tags": {"SS": ["a", "b"]},
    "list": {"L": [{"M": {"deep": {"S": "x"}}}]},
}


@pytest.fixture(scope="module", autouse=True)
def credentials() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        yield


def exchange(
    client: Any, call: Callable[[Any], Any], answer: dict[str, Any], status: int = 200
) -> tuple[dict[str, Any], Any]:
    """What the client sent, and what it made of the answer."""
    sent: list[dict[str, Any]] = []

    def respond(request: Any, **_event: Any) -> AWSResponse:
        sent.append(json.loads(request.body))
        assert int(request.headers["Content-Length"]) == len(request.body)
        return AWSResponse(request.url, status, HTTPHeaders(), Body(json.dumps(answer).encode()))

    client.meta.events.register("before-send", respond, unique_id="exchange")
    try:
        made = call(client)
    finally:
        client.meta.events.unregister("before-send", unique_id="exchange")
    made.pop("ResponseMetadata")
    return sent[0], made


def new() -> Any:
    """A client of ours that nobody has called yet."""
    aws.client.cache_clear()
    return aws.client("dynamodb")


@pytest.fixture(scope="module")
def ours(credentials: None) -> Any:
    """A client of ours for many calls: it is slow to make."""
    return new()


@pytest.fixture(scope="module")
def botocores(credentials: None) -> Any:
    """botocore's own."""
    return Session().create_client("dynamodb")


CALLS: list[tuple[Callable[[Any], Any], dict[str, Any]]] = [
    (lambda c: c.put_item(TableName="t", Item=ITEM), {}),
    (
        lambda c: c.put_item(
            TableName="t",
            Item=ITEM,
            ConditionExpression="attribute_not_exists(id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        ),
        {"Attributes": ITEM},
    ),
    (lambda c: c.get_item(TableName="t", Key={"id": {"S": "a"}}), {"Item": ITEM}),
    (lambda c: c.get_item(TableName="t", Key={"id": {"S": "a"}}), {}),
    (
        lambda c: c.query(
            TableName="t",
            KeyConditionExpression="id = :id",
            ExpressionAttributeValues={":id": {"S": "a"}},
            Limit=2,
        ),
        {"Items": [ITEM, ITEM], "Count": 2, "LastEvaluatedKey": {"id": {"S": "b"}}},
    ),
    (
        lambda c: c.batch_get_item(RequestItems={"t": {"Keys": [{"id": {"S": "a"}}]}}),
        {"Responses": {"t": [ITEM]}, "UnprocessedKeys": {}},
    ),
    (
        lambda c: c.batch_write_item(RequestItems={"t": [{"PutRequest": {"Item": ITEM}}]}),
        {"UnprocessedItems": {"t": [{"PutRequest": {"Item": ITEM}}]}},
    ),
    (
        lambda c: c.batch_execute_statement(
            Statements=[{"Statement": "INSERT", "Parameters": [{"S": "a"}]}]
        ),
        {"Responses": [{"TableName": "t"}]},
    ),
    (
        lambda c: c.get_item(TableName="t", Key={"id": {"S": "a"}}),
        {"Item": {**ITEM, "blob": {"B": "AAEC/w=="}, "blobs": {"BS": ["AA==", "AQ=="]}}},
    ),
    (
        lambda c: c.put_item(TableName="t", Item={**ITEM, "blob": {"B": b"\x00\x01\x02\xff"}}),
        {},
    ),
]


@pytest.mark.parametrize(("call", "answer"), CALLS, ids=range(len(CALLS)))
def test_what_is_sent_and_heard_is_what_botocore_sends_and_hears(
    call: Callable[[Any], Any], answer: dict[str, Any], ours: Any, botocores: Any
) -> None:
    assert exchange(ours, call, answer) == exchange(botocores, call, answer)


def test_a_transaction_keeps_the_token_that_makes_its_repetition_harmless(ours: Any) -> None:
    sent, _ = exchange(
        ours,
        lambda c: c.transact_write_items(TransactItems=[{"Put": {"TableName": "t", "Item": ITEM}}]),
        {},
    )
    assert len(sent["ClientRequestToken"]) == 36
    assert sent["TransactItems"] == [{"Put": {"TableName": "t", "Item": ITEM}}]


def test_an_error_is_botocores_with_what_dynamodb_says_of_it(ours: Any) -> None:
    answer = {
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "message": "The conditional request failed",
        "Item": ITEM,
    }
    with pytest.raises(ClientError) as raised:
        exchange(ours, lambda c: c.put_item(TableName="t", Item=ITEM), answer, status=400)
    assert raised.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert raised.value.response["Item"] == ITEM  # type: ignore[typeddict-item]


@pytest.mark.skipif(
    "smithy-rpc-v2-cbor" not in PROTOCOL_PARSERS, reason="this botocore knows no other protocol"
)
@pytest.mark.parametrize("first", ["smithy-rpc-v2-cbor", "json"])
def test_a_botocore_that_prefers_another_protocol_is_left_to_speak_it(
    first: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the day will come on which a runtime's model of DynamoDB prefers CBOR."""
    if first == "json" and not hasattr(ServiceModel, "resolved_protocol"):
        pytest.skip("this botocore writes by one entry of such a model and reads by another")
    load = aws._models.load_service_model

    def prefer_cbor(name: str, *rest: Any, **options: Any) -> Any:
        model = load(name, *rest, **options)
        if name != "dynamodb" or "metadata" not in model:
            return model
        metadata = {"protocol": first, "protocols": ["smithy-rpc-v2-cbor"]}
        return {**model, "metadata": {**model["metadata"], **metadata}}

    monkeypatch.setattr(aws._models, "load_service_model", prefer_cbor)
    client = new()
    sent: list[Any] = []

    def respond(request: Any, **_event: Any) -> AWSResponse:
        sent.append(request.body)
        headers = HTTPHeaders()
        headers["smithy-protocol"] = "rpc-v2-cbor"
        return AWSResponse(request.url, 200, headers, Body(b"\xa1dItem\xa1bid\xa1aSaa"))

    client.meta.events.register("before-send", respond)
    answer = client.get_item(TableName="t", Key={"id": {"S": "a"}})
    aws.client.cache_clear()
    assert answer["Item"] == {"id": {"S": "a"}}
    assert sent[0][:1] not in (b"{", "{")
    assert "smithy-rpc-v2-cbor" in capsys.readouterr().out


def test_an_answer_that_is_not_json_is_an_error() -> None:
    client = new()

    def respond(request: Any, **_event: Any) -> AWSResponse:
        return AWSResponse(request.url, 200, HTTPHeaders(), Body(b"<html>"))

    client.meta.events.register("before-send", respond)
    with pytest.raises(ValueError, match="JSON"):
        client.get_item(TableName="t", Key={"id": {"S": "a"}})
    aws.client.cache_clear()


def test_other_services_are_left_to_botocore() -> None:
    aws.client.cache_clear()
    sent, made = exchange(
        aws.client("ssm"), lambda c: c.get_parameter(Name="a"), {"Parameter": {"Value": "b"}}
    )
    assert sent == {"Name": "a"}
    assert made == {"Parameter": {"Value": "b"}}


def once() -> Any:
    return aws.client_that_tries_once("ssm")


def brief() -> Any:
    return aws.brief_client("ssm")


def patient() -> Any:
    return aws.patient_client("ssm", 12.5)


@pytest.mark.parametrize(
    ("make", "tries", "seconds"),
    [(lambda: aws.client("ssm"), 4, 3), (once, 1, 5), (brief, 2, 1.2), (patient, 4, 12.5)],
    ids=["usual", "once", "brief", "patient"],
)
def test_a_client_tries_as_often_and_waits_as_long_as_its_name_says(
    make: Callable[[], Any], tries: int, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    for factory in (aws.client, aws.client_that_tries_once, aws.brief_client, aws.patient_client):
        factory.cache_clear()
    client, sent = make(), []

    def fail(request: Any, **_event: Any) -> AWSResponse:
        sent.append(request)
        return AWSResponse(request.url, 500, HTTPHeaders(), Body(b"{}"))

    client.meta.events.register("before-send", fail)
    with pytest.raises(ClientError):
        client.get_parameter(Name="a")
    assert len(sent) == tries
    assert (client.meta.config.connect_timeout, client.meta.config.read_timeout) == (1, seconds)


def test_an_impatient_client_tries_once_and_is_done_within_the_time_that_it_is_given() -> None:
    config = aws.impatient_client("ssm", 1.7).meta.config
    assert config.connect_timeout + config.read_timeout == pytest.approx(1.7)
    assert config.retries == {"mode": "standard", "total_max_attempts": 1}
