"""The only place where AWS clients are made: they cannot reach anything but this machine."""

from __future__ import annotations

import ipaddress
import os
import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, overload
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config

from tools.base.errors import NotLoopbackError

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_firehose import FirehoseClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient

ACCOUNT = "123456789012"
BY_HAND = "offline"
"""The name of the session of whoever takes a role without being its function."""
REGION: Final = "eu-west-1"
"""Where everything offline is, unless another region is to be played."""


def assert_loopback(url: str) -> None:
    """Refuse every address that is not a literal loopback address over plain HTTP.

    A name such as `localhost` is refused too: a hosts file can point it anywhere, and S3
    would put buckets into the host name.

    Raises:
        NotLoopbackError: naming the address.
    """
    parts = urlsplit(url)
    try:
        is_loopback = ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        is_loopback = False
    if parts.scheme != "http" or not is_loopback:
        raise NotLoopbackError(
            f"refusing to talk to {url}: offline commands only ever use an address such as "
            "http://127.0.0.1:4566, so that they cannot touch a real account"
        )


def _assert_loopback_before_sending(**event: Any) -> None:
    """Whatever a client made of the endpoint: this is where the request really goes."""
    request: AWSPreparedRequest = event["request"]
    assert_loopback(request.url)


def _isolated_session(region: str, *credentials: str) -> boto3.Session:
    """A session that reads neither files nor environment for profile, keys or endpoint.

    The values are overridden in the config store: the session's own method would still fall back
    to the environment for a value of None.
    """
    session = botocore.session.Session()
    store = session.get_component("config_store")
    for variable, value in {
        "profile": None,
        "config_file": os.devnull,
        "credentials_file": os.devnull,
        "region": region,
        "ca_bundle": None,
        "ignore_configured_endpoint_urls": True,
    }.items():
        store.set_config_variable(variable, value)
    # The account's number as key is how the emulator knows the account; nothing checks the rest.
    session.set_credentials(*(credentials or (ACCOUNT, "offline")))
    session.register("before-send", _assert_loopback_before_sending)
    return boto3.Session(botocore_session=session)


_CONFIG = Config(
    proxies={},  # not those of the environment: they are other machines
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=32,
    connect_timeout=2,
    read_timeout=60,
    s3={"addressing_style": "path"},
)


@dataclass(frozen=True)
class Cloud:
    """AWS as this machine plays it at `endpoint`, an address such as http://127.0.0.1:4566."""

    endpoint: str
    region: str = REGION
    _given: boto3.Session | None = field(default=None, repr=False, compare=False)
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _making: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def __post_init__(self) -> None:
        assert_loopback(self.endpoint)

    @cached_property
    def _session(self) -> boto3.Session:
        return self._given or _isolated_session(self.region)

    # fmt: off
    @overload
    def client(self, service: Literal["apigateway"]) -> Any: ...
    @overload
    def client(self, service: Literal["appconfig"]) -> Any: ...
    @overload
    def client(self, service: Literal["appconfigdata"]) -> Any: ...
    @overload
    def client(self, service: Literal["appsync"]) -> Any: ...
    @overload
    def client(self, service: Literal["cloudformation"]) -> CloudFormationClient: ...
    @overload
    def client(self, service: Literal["secretsmanager"]) -> Any: ...
    @overload
    def client(self, service: Literal["sts"]) -> Any: ...
    @overload
    def client(self, service: Literal["cloudtrail"]) -> Any: ...
    @overload
    def client(self, service: Literal["kms"]) -> Any: ...
    @overload
    def client(self, service: Literal["cognito-idp"]) -> CognitoIdentityProviderClient: ...
    @overload
    def client(self, service: Literal["dynamodb"]) -> DynamoDBClient: ...
    @overload
    def client(self, service: Literal["events"]) -> EventBridgeClient: ...
    @overload
    def client(self, service: Literal["firehose"]) -> FirehoseClient: ...
    @overload
    def client(self, service: Literal["iam"]) -> IAMClient: ...
    @overload
    def client(self, service: Literal["kinesis"]) -> KinesisClient: ...
    @overload
    def client(self, service: Literal["lambda"]) -> LambdaClient: ...
    @overload
    def client(self, service: Literal["logs"]) -> CloudWatchLogsClient: ...
    @overload
    def client(self, service: Literal["s3"]) -> S3Client: ...
    @overload
    def client(self, service: Literal["sns"]) -> SNSClient: ...
    @overload
    def client(self, service: Literal["sqs"]) -> SQSClient: ...
    @overload
    def client(self, service: Literal["ssm"]) -> SSMClient: ...
    @overload
    def client(self, service: Literal["stepfunctions"]) -> SFNClient: ...
    # fmt: on
    def client(self, service: str) -> Any:
        """A client of one AWS service, made once; it may be shared between threads."""
        with self._making:  # a session may not make two at the same time
            if service not in self._clients:
                make: Any = self._session.client
                self._clients[service] = make(service, endpoint_url=self.endpoint, config=_CONFIG)
            return self._clients[service]

    def as_role(self, name: str) -> Cloud:
        """The same with a role's permissions, if the emulator enforces any."""
        assumed = self.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{name}", RoleSessionName=BY_HAND
        )["Credentials"]
        session = _isolated_session(
            self.region, assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"]
        )
        return Cloud(self.endpoint, self.region, session)
