"""The stub that stands in for AWS: requests are signed, counted and never sent."""

from typing import Any

import pytest
from botocore.session import Session

from tools.measure.benchmarks.probes.botocore_stub import answer_below_signing


@pytest.fixture
def client() -> Any:
    """A DynamoDB client with keys that open nothing."""
    session = Session()
    session.set_credentials("key", "secret")
    return session.create_client("dynamodb", region_name="eu-west-1")


def test_a_call_is_answered_without_the_network(client: Any, socket_disabled: None) -> None:
    calls = answer_below_signing(client, {"GetItem": {"Item": {"id": {"S": "1"}}}})
    answer = client.get_item(TableName="t", Key={"id": {"S": "1"}})
    assert answer["Item"] == {"id": {"S": "1"}}
    assert calls == ["GetItem"]


def test_a_call_that_nobody_expected_is_an_error(client: Any, socket_disabled: None) -> None:
    answer_below_signing(client, {"GetItem": {}})
    with pytest.raises(KeyError, match="PutItem"):
        client.put_item(TableName="t", Item={})


def test_a_request_that_was_not_signed_is_an_error(socket_disabled: None) -> None:
    from botocore import UNSIGNED
    from botocore.config import Config

    client: Any = Session().create_client(
        "dynamodb", region_name="eu-west-1", config=Config(signature_version=UNSIGNED)
    )
    answer_below_signing(client, {"GetItem": {}})
    with pytest.raises(AssertionError, match="not signed"):
        client.get_item(TableName="t", Key={"id": {"S": "1"}})
