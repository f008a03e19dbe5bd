"""Where the code's calls leave it: botocore's own seam, or a shortcut above its serialization.

The whole client serializes, signs, retries and parses as it does in Lambda; only the bytes go to
the simulated services in place of a socket. The shortcut answers a client's methods at once and
plays its retries: several times as fast, and the same to the code.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import botocore.client
import botocore.hooks
import botocore.httpsession
import botocore.loaders
import botocore.regions
import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from tools.simulation.world import Killed, World

Call = Callable[[Mapping[str, Any]], dict[str, Any]]
FAULTS_OF_CALLS = (
    "outage",
    *("killed before a call", "frozen", "request lost", "throttled", "server error"),
    *("slow answer", "answer lost", "server error after all", "killed after a call"),
)
THROTTLED = {
    "dynamodb": "ThrottlingException",
    "kinesis": "LimitExceededException",
    "lambda": "TooManyRequestsException",
}
BINARY = {"Data", "Blob", "B"}


class Refusal(Exception):
    """What a simulated service answers in place of a result; ``more`` are fields of the answer."""

    def __init__(self, code: str, message: str = "", status: int = 400, **more: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.more = more


class Lost(Exception):
    """Nobody answers; ``connected`` says whether the request may have arrived,
    ``waited`` whether the caller has waited for the answer already.
    """

    def __init__(self, *, connected: bool, waited: bool = False) -> None:
        super().__init__()
        self.connected = connected
        self.waited = waited


class Seam:
    """The way from the code to the simulated services: ``services`` by name, then operation."""

    def __init__(self, world: World, services: Mapping[str, Mapping[str, Call]]) -> None:
        self._world = world
        self._services = services
        self._out_until: dict[str, float] = {}

    def attempt(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """One try of one call, with what may go wrong. Raises Refusal, Lost, Killed."""
        world = self._world
        dice = world.dice
        process = world.current
        assert process is not None
        world.calls += 1
        fault = dice.pick(FAULTS_OF_CALLS) if process.vulnerable else None
        if process.vulnerable and dice.throw("clock stepped"):
            process.skew += dice.between(-30, 30)
        if fault == "killed before a call":
            world.tell(process.name, "KILLED before", service, operation)
            process.kill()
        if fault == "frozen":
            world.tell(process.name, "FROZEN before", service, operation)
            world.pause(dice.between(1, 150))
        world.pause(world.random.uniform(0.001, 0.012))
        self._fail_before(fault, process.name, service, operation)
        try:
            answer = self._services[service][operation](params)
        except Refusal as refusal:
            if world.is_traced:
                world.tell(process.name, service, operation, _short(params), "=>", refusal.code)
            raise
        except KeyError as unknown:
            raise NotImplementedError(f"{service} {operation}: {unknown}") from unknown
        if world.is_traced:
            world.tell(process.name, service, operation, _short(params), "=>", _short(answer))
        if process.found_nothing is not None:
            if operation == "Query" and "IndexName" in params and not answer["Count"]:
                process.found_nothing.add((params["TableName"], params["IndexName"]))
            else:
                process.found_nothing = None
        self._fail_after(fault, process, service, operation)
        return answer

    def _fail_before(self, fault: str | None, who: str, service: str, operation: str) -> None:
        if fault == "outage":
            self._out_until[service] = self._world.now + self._world.dice.between(
                1, self._world.dice.longest_outage
            )
        if self._out_until.get(service, 0.0) > self._world.now and not self._world.dice.are_over:
            self._world.tell(who, service, operation, "FAULT", "outage")
            raise Refusal("ServiceUnavailable", "come again", 503)
        if fault in ("request lost", "throttled", "server error"):
            self._world.tell(who, service, operation, "FAULT", fault)
        if fault == "request lost":
            raise Lost(connected=False)
        if fault == "throttled":
            raise Refusal(THROTTLED.get(service, "ThrottlingException"), "slow down", 400)
        if fault == "server error":
            raise Refusal("InternalServerError", "try again", 500)

    def _fail_after(self, fault: str | None, process: Any, service: str, operation: str) -> None:
        if fault in ("slow answer", "answer lost", "server error after all", "killed after a call"):
            self._world.tell(process.name, service, operation, "FAULT", fault)
        if fault == "killed after a call":
            process.kill()
        if fault == "slow answer":
            self._world.pause(self._world.dice.between(0.2, 2.5))
        if fault == "answer lost":
            raise Lost(connected=True)
        if fault == "server error after all":
            raise Refusal("InternalServerError", "try again", 500)

    @contextmanager
    def shortcut(self) -> Iterator[None]:
        """Sessions make clients that come here at once."""
        made: dict[Any, _Client] = {}

        def create_client(_session: Any, service: str, *_: Any, config: Any, **__: Any) -> _Client:
            key = (service, config.read_timeout, config.connect_timeout, str(config.retries))
            if key not in made:
                made[key] = _Client(self, service, config)
            return made[key]

        with _patched(botocore.session.Session, "create_client", create_client):
            yield

    @contextmanager
    def whole_client(self) -> Iterator[None]:
        """Real clients, whose requests come here in place of a socket."""

        def send(session: Any, request: Any) -> AWSResponse:
            service, operation, params = _read(request)
            patience = float(getattr(session._timeout, "read_timeout", 3.0))
            assert self._world.current is not None
            self._world.current.patience = patience
            try:
                answer, status = self.attempt(service, operation, params), 200
            except Refusal as refusal:
                answer = {"__type": refusal.code, "message": refusal.message, **refusal.more}
                status = refusal.status
            except Lost as lost:
                if not lost.waited:
                    self._world.pause(patience if lost.connected else 1.0)
                kind = ReadTimeoutError if lost.connected else ConnectTimeoutError
                raise kind(endpoint_url=request.url) from None
            return _response(request.url, status, service, answer)

        with ExitStack() as patches:
            patches.enter_context(_patched(botocore.httpsession.URLLib3Session, "send", send))
            # There is no socket, and no TLS on it.
            patches.enter_context(
                _patched(botocore.httpsession.URLLib3Session, "_get_ssl_context", lambda _: None)
            )
            for owner, name in _MADE_ONCE:
                patches.enter_context(_patched(owner, name, _remembering(getattr(owner, name))))
            patches.enter_context(_patched(botocore.regions, "EndpointProvider", _provider))
            yield

    def call(self, service: str, operation: str, params: dict[str, Any], config: Any) -> Any:
        """All the tries of one call, as botocore's standard mode makes them."""
        assert self._world.current is not None
        self._world.current.patience = config.read_timeout
        if operation == "TransactWriteItems":  # botocore makes one token for all tries
            params = {**params, "ClientRequestToken": f"call-{self._world.calls}"}
        most = (config.retries or {}).get("total_max_attempts", 4)
        for attempt in range(most):
            if attempt:
                self._world.pause(self._world.random.uniform(0, min(20, 2 ** (attempt - 1))))
            is_last = attempt == most - 1
            try:
                return self.attempt(service, operation, params)
            except Refusal as refusal:
                passes = refusal.status >= 500 or refusal.code in _PASSING
                if is_last or not passes:
                    raise _client_error(refusal, operation) from None
            except Lost as lost:
                if not lost.waited:
                    self._world.pause(config.read_timeout if lost.connected else 1.0)
                if is_last:
                    kind = ReadTimeoutError if lost.connected else ConnectTimeoutError
                    raise kind(endpoint_url=service) from None
        raise AssertionError("not reached")


_PASSING = frozenset(
    {
        *("ThrottlingException", "LimitExceededException", "TooManyRequestsException"),
        *("ProvisionedThroughputExceededException", "TransactionInProgressException"),
    }
)


class _Client:
    """What code sees of a botocore client, without what botocore does."""

    def __init__(self, seam: Seam, service: str, config: Any) -> None:
        self._seam = seam
        self._service = _NAMES.get(service, service)
        self._config = config
        self.meta = _Meta()

    def __getattr__(self, method: str) -> Callable[..., Any]:
        operation = "".join(part.capitalize() for part in method.split("_"))
        seam, service, config = self._seam, self._service, self._config

        def call(**params: Any) -> Any:
            return seam.call(service, operation, params, config)

        self.__dict__[method] = call
        return call


class _Meta:
    """A client's ``meta``, as far as the code looks at it."""

    class service_model:  # noqa: N801 - botocore's name
        resolved_protocol = "json"

    class events:  # noqa: N801 - botocore's name
        @staticmethod
        def register(*_: Any, **__: Any) -> None:
            pass

        register_last = register


_NAMES = {"stepfunctions": "states"}


def _client_error(refusal: Refusal, operation: str) -> ClientError:
    answer = {
        "Error": {"Code": refusal.code, "Message": refusal.message},
        "ResponseMetadata": {"HTTPStatusCode": refusal.status},
        **refusal.more,
    }
    return ClientError(answer, operation)  # type: ignore[arg-type]


_TARGETS = {
    "DynamoDB_20120810": "dynamodb",
    "Kinesis_20131202": "kinesis",
    "AmazonSQS": "sqs",
    "AWSEvents": "events",
    "AWSStepFunctions": "states",
    "secretsmanager": "secretsmanager",
}
_INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")


def _read(request: Any) -> tuple[str, str, dict[str, Any]]:
    """Service, operation and parameters of a request as botocore has written it."""
    body = request.body or b""
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        body = body.encode()
    target = request.headers.get("X-Amz-Target")
    if target is None and body.startswith(b"Action="):
        return "sns", *_read_form(body.decode())
    if target is None:
        invoked = _INVOKE.search(unquote(urlsplit(request.url).path))
        if invoked is None:
            raise NotImplementedError(f"{request.method} {request.url}")
        return "lambda", "Invoke", {"FunctionName": invoked[1], "Payload": body}
    if isinstance(target, bytes):
        target = target.decode()
    prefix, _, operation = target.rpartition(".")
    return _TARGETS[prefix], operation, _with_bytes(json.loads(body or b"{}"))


def _read_form(body: str) -> tuple[str, dict[str, Any]]:
    """Operation and parameters of SNS, which speaks AWS's oldest protocol."""
    fields = dict(parse_qsl(body))
    attributes: dict[str, Any] = {}
    for name, value in fields.items():
        if name.startswith("MessageAttributes.entry.") and name.endswith(".Name"):
            entry = f"{name.removesuffix('.Name')}.Value"
            attributes[value] = {
                "DataType": fields[f"{entry}.DataType"],
                "StringValue": fields[f"{entry}.StringValue"],
            }
    return fields["Action"], {**fields, "MessageAttributes": attributes}


def _response(url: str, status: int, service: str, answer: Mapping[str, Any]) -> AWSResponse:
    headers = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": "simulated"}
    if service == "lambda" and status == 200:
        content = answer["Payload"].read()
        if "FunctionError" in answer:
            headers["X-Amz-Function-Error"] = answer["FunctionError"]
    elif service == "sns":
        content = _as_xml(answer, status)
    else:
        content = json.dumps(answer, default=_as_text).encode()
        if status != 200:
            headers["x-amzn-ErrorType"] = answer["__type"]
    raw = _Raw(content)
    return AWSResponse(url, status, headers, raw)  # type: ignore[arg-type]


def _as_xml(answer: Mapping[str, Any], status: int) -> bytes:
    if status != 200:
        error = f"<Code>{answer['__type']}</Code><Message>{answer['message']}</Message>"
        return f"<ErrorResponse><Error>{error}</Error></ErrorResponse>".encode()
    result = f"<MessageId>{answer['MessageId']}</MessageId>"
    return f"<PublishResponse><PublishResult>{result}</PublishResult></PublishResponse>".encode()


class _Raw(io.BytesIO):
    """A body as urllib3 hands it over."""

    def stream(self, _amount: int = 0, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _as_text(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)


def _with_bytes(value: Any) -> Any:
    """The parameters as a client was given them: bytes where JSON has base64."""
    if isinstance(value, dict):
        return {
            key: base64.b64decode(it) if key in BINARY and isinstance(it, str) else _with_bytes(it)
            for key, it in value.items()
        }
    return [_with_bytes(it) for it in value] if isinstance(value, list) else value


def _short(value: Mapping[str, Any]) -> str:
    text = json.dumps(value, default=_shown)
    return text if len(text) <= 600 else f"{text[:600]}..."


def _shown(value: Any) -> str:
    if isinstance(value, io.BytesIO):
        value = value.getvalue()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else type(value).__name__


_MADE_ONCE = (
    (botocore.loaders.JSONFileLoader, "load_file"),
    (botocore.client.ClientCreator, "_load_service_model"),
    (botocore.client.ClientCreator, "_create_client_class"),
    (botocore.hooks.EventAliaser, "_alias_event_name"),
)
"""What botocore makes of a service anew for each client, and always the same: methods of objects
whose first argument says of what.

A cold start makes new clients, with retries and connections of their own; it would take half of the
time of a run to make these too.
"""
_made: dict[Any, Any] = {}


def _remembering(make: Callable[..., Any]) -> Callable[..., Any]:
    """Once for however many processes and seeds."""

    def made(owner: Any, of: str, *more: Any, **named: Any) -> Any:
        key = (make.__qualname__, of)
        if key not in _made:
            _made[key] = make(owner, of, *more, **named)
        return _made[key]

    return made


def _provider(ruleset_data: Any, partition_data: Any, **more: Any) -> Any:
    """What chooses a service's endpoint by its rules; the rules are kept, so their ids are too."""
    key = ("provider", id(ruleset_data), id(partition_data))
    if key not in _made:
        made = EndpointProvider(ruleset_data, partition_data, **more)
        _made[key] = (made, ruleset_data, partition_data)
    return _made[key][0]


@contextmanager
def _patched(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


__all__ = ["Call", "Killed", "Lost", "Refusal", "Seam"]
