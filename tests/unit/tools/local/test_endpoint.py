"""Offline commands cannot touch a real account, whatever the environment says."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.awsrequest import AWSPreparedRequest

from tools.base.endpoint import ACCOUNT, REGION, Cloud, assert_loopback
from tools.base.errors import NotLoopbackError

HERE = "http://127.0.0.1:4566"


@pytest.mark.parametrize("url", [HERE, "http://127.9.9.9:1", "http://[::1]:4566"])
def test_addresses_of_this_machine_are_accepted(url: str) -> None:
    assert_loopback(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://dynamodb.eu-west-1.amazonaws.com",
        "http://10.0.0.1:4566",
        "http://0.0.0.0:4566",
        "http://localhost:4566",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com/",
        "https://127.0.0.1:4566",
        "ftp://127.0.0.1",
        "127.0.0.1:4566",
        "",
    ],
)
def test_any_other_address_is_refused_by_name(url: str) -> None:
    with pytest.raises(NotLoopbackError, match="refusing to talk to") as refusal:
        Cloud(url)
    assert url in str(refusal.value)


@pytest.fixture
def hostile_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keys, profile, endpoint and proxy of a real account, in variables and in files."""
    keys = "aws_access_key_id = AKIAREAL\naws_secret_access_key = real\n"
    (tmp_path / "credentials").write_text(f"[default]\n{keys}[production]\n{keys}")
    (tmp_path / "config").write_text(
        "[profile production]\nregion = us-west-2\nendpoint_url = https://example.com\n"
    )
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_SESSION_TOKEN": "real",
        "AWS_PROFILE": "production",
        "AWS_REGION": "us-west-2",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_ENDPOINT_URL": "https://example.com",
        "AWS_ENDPOINT_URL_S3": "https://example.com",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "HTTP_PROXY": "http://proxy.example.com:3128",
    }.items():
        monkeypatch.setenv(name, value)


class Sent(Exception):
    """Stops a request at the moment it would leave."""

    def __init__(self, request: AWSPreparedRequest) -> None:
        self.request = request


def _refuse_to_send(request: AWSPreparedRequest, **_: object) -> None:
    raise Sent(request)


@pytest.mark.usefixtures("hostile_environment")
@pytest.mark.parametrize("service", ["s3", "dynamodb", "cloudformation", "sqs"])
def test_keys_profile_region_and_proxy_of_a_real_account_are_never_used(service: str) -> None:
    client = Cloud(HERE).client(service)  # type: ignore[call-overload]
    client.meta.events.register_last("before-send", _refuse_to_send)
    operation, arguments = {
        "s3": ("head_bucket", {"Bucket": "a-bucket"}),
        "dynamodb": ("list_tables", {}),
        "cloudformation": ("describe_stacks", {}),
        "sqs": ("list_queues", {}),
    }[service]
    with pytest.raises(Sent) as stopped:
        getattr(client, operation)(**arguments)

    request = stopped.value.request
    assert request.url.startswith(HERE + "/")
    authorization = str(request.headers["Authorization"])
    assert f"Credential={ACCOUNT}/" in authorization
    assert f"/{REGION}/" in authorization
    assert "X-Amz-Security-Token" not in request.headers
    assert client._endpoint.http_session._proxy_config.proxy_url_for(HERE) is None


def test_a_request_that_would_leave_this_machine_is_stopped() -> None:
    """An answer can send a client elsewhere, for example to another region's bucket."""
    client = Cloud(HERE).client("s3")

    def redirect(request: AWSPreparedRequest, **_: object) -> None:
        request.url = "https://a-bucket.s3.eu-west-1.amazonaws.com/"

    client.meta.events.register_first("before-send", redirect)
    with pytest.raises(NotLoopbackError):
        client.head_bucket(Bucket="a-bucket")


def test_a_client_is_made_once() -> None:
    cloud = Cloud(HERE)
    assert cloud.client("sqs") is cloud.client("sqs")
