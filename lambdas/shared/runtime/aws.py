"""The way to AWS: one botocore client for each service and process, made on first use.

botocore itself, not boto3 on top of it: a cold start pays for every import, and handlers need none
of boto3's resources. Parameters are not validated again by the client, since the code that builds
them is typed and tested; the service validates them anyway.
"""

from functools import cache
from typing import Any

import msgspec
from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session

from shared.runtime import log
from shared.runtime.product import product


class _Models(Loader):
    """botocore's service models, without a look into all of its four hundred folders."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: set[str] = set()

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - botocore's
        """Those asked for; botocore raises DataNotFoundError for one that it has not."""
        return sorted(self.wanted)


_models = _Models()
_session = Session()
_session.register_component("data_loader", _models)


@cache
def client(service: str) -> Any:
    """The client of an AWS service, such as ``client("dynamodb")``."""
    return _create(service, _config())


@cache
def client_that_tries_once(service: str, read_timeout: float = 5) -> Any:
    """The same for calls that do something anew when they are repeated, such as sending mail, and
    for callers that decide themselves whether there is time for another try. ``read_timeout`` is in
    seconds.
    """
    once = Config(read_timeout=read_timeout, retries={"mode": "standard", "total_max_attempts": 1})
    return _create(service, _config().merge(once))


@cache
def patient_client(service: str, read_timeout: float) -> Any:
    """The same for calls that take their time: one answer may take ``read_timeout`` seconds."""
    return _create(service, _config().merge(Config(read_timeout=read_timeout)))


@cache
def brief_client(service: str) -> Any:
    """The same where a request waits and there is something to fall back on: about five seconds.

    Two tries with at most a second to connect and 1.2 to answer, and a pause between them.
    """
    brief = Config(read_timeout=1.2, retries={"mode": "standard", "total_max_attempts": 2})
    return _create(service, _config().merge(brief))


@cache
def impatient_client(service: str, seconds: float) -> Any:
    """The same for calls that are to be over, or given up, within so many seconds: one try, half a
    second of which may pass until it is connected.
    """
    once = Config(
        connect_timeout=0.5,
        read_timeout=seconds - 0.5,
        retries={"mode": "standard", "total_max_attempts": 1},
    )
    return _create(service, _config().merge(once))


@cache
def _config() -> Config:
    return Config(
        parameter_validation=False,
        # Else botocore composes one twice for each call: a fifth of its time.
        user_agent=product(),
        connect_timeout=1,
        read_timeout=3,
        retries={"mode": "standard", "total_max_attempts": 4},
    )


def credentials() -> Any:
    """As they are now, for requests that no client makes."""
    found = _session.get_credentials()
    assert found is not None
    return found.get_frozen_credentials()


def region() -> str:
    """The region that clients talk to, which requests that no client makes are signed for."""
    return str(_session.get_config_variable("region"))


def _create(service: str, config: Config) -> Any:
    _models.wanted.add(service)
    made = _session.create_client(service, config=config)
    if service == "dynamodb" and _speaks_json(made):
        _bypass_serializer(made)
    return made


def _speaks_json(client: Any) -> bool:
    """Whether this botocore writes JSON to the service.

    AWS updates the runtime's botocore, and botocore chooses the protocol that its model of the
    service prefers. Any other is left to it: calls then take longer, and say the same.
    """
    model = client.meta.service_model
    resolved = getattr(model, "resolved_protocol", None)
    # Older ones choose among several where nobody can see it: then it may not be JSON.
    known = [resolved] if resolved else model.metadata.get("protocols") or [model.protocol]
    if known != ["json"]:
        log.warning("requests go through botocore's serializer", protocols=known)
    return bool(known == ["json"])


def _bypass_serializer(dynamodb: Any) -> None:
    """Let requests and answers pass botocore's serializer and parser by, through its own events.

    A request's parameters are already what DynamoDB reads, and its answer what we read. botocore
    would walk through every attribute of every item once more: half of the time that a batch of
    items costs. Errors, and items with binary attributes, go the usual way.
    """
    events = dynamodb.meta.events
    # For all services, since handlers of a narrower name come before botocore's own.
    events.register_last("before-parameter-build", _keep_parameters)
    events.register("before-call.dynamodb", _encode_parameters)
    for operation in _ON_ITEMS:
        events.register(f"before-parse.dynamodb.{operation}", _decode_answer)


_ON_ITEMS = (
    "GetItem",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "Query",
    "Scan",
    "BatchGetItem",
    "BatchWriteItem",
    "BatchExecuteStatement",
    "TransactGetItems",
    "TransactWriteItems",
)
"""The operations whose answers hold items and no times, which only botocore's parser makes."""
_PARAMETERS = "parameters as they were given"


def _keep_parameters(params: dict[str, Any], context: dict[str, Any], **_event: Any) -> None:
    context[_PARAMETERS] = dict(params)
    tables = params.get("RequestItems")
    params.clear()  # little is left to be serialized: what the choice of an endpoint wants to see
    if tables is not None:
        params["RequestItems"] = {table: {} for table in tables}


def _encode_parameters(params: dict[str, Any], context: dict[str, Any], **_event: Any) -> None:
    params["body"] = msgspec.json.encode(context.pop(_PARAMETERS))


def _decode_answer(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_event: Any
) -> None:
    body: bytes = response_dict["body"]
    if response_dict["status_code"] != 200 or b'"B":' in body or b'"BS":' in body:
        return
    customized_response_dict.update(msgspec.json.decode(body))
    response_dict["body"] = b"{}"
