"""API Gateway's proxy events in, HTTP answers out; every error becomes a problem document."""

import base64
import os
import re
import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

import msgspec

from shared.runtime import log, problems, strict_json
from shared.runtime.environment import load
from shared.runtime.patterns import is_uuid
from shared.runtime.payloads import MAX_EVENT_BYTES
from shared.runtime.problems import Problem, Violation
from shared.runtime.tracing import context, invocations, spans

BodyT = TypeVar("BodyT")
BROWSERS = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
"""What a browser is told with every answer: never without TLS, and never as another type."""
READ_BY_SCRIPTS = "Location, Retry-After, X-Correlation-Id, Allow"
"""Headers that a script of the shop's web app may read, where it is served from elsewhere."""
_JSON = re.compile(r"application/([a-z0-9.-]+\+)?json\s*(;.*)?", re.IGNORECASE)
_VERSION = re.compile(r"/v(?P<number>[1-9][0-9]?)(/|\Z)")
_AT = re.compile(r"^(?P<detail>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Trace:
    """The journey that a request belongs to, and the span in which it is answered.

    These values reach logs and events for ever: free text from a caller must not.
    """

    correlation_id: str
    traceparent: str


def correlation_id_in(headers: Mapping[str, str]) -> str:
    """A caller's, if it is a UUID; else a new one. Names of headers are in lower case."""
    given = headers.get("x-correlation-id", "").lower()
    return given if is_uuid(given) else str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class Request:
    """One call of the API, after the gateway let it in.

    ``customer_id`` is empty where keys are asked for in place of tokens; ``api_key_id`` is None
    where tokens are, or where the gateway does not say which key it was. ``claims`` are all that a
    user pool's token says. ``route`` is the path as the template has it, without values in it.
    """

    method: str
    path: str
    request_id: str
    customer_id: str
    trace: Trace
    headers: Mapping[str, str]
    path_parameters: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    api_key_id: str | None = None
    claims: Mapping[str, str] = field(default_factory=dict)
    route: str = ""

    @property
    def api_version(self) -> int:
        """2 for ``/v2/orders``: one function may answer the same route of two versions."""
        version = _VERSION.match(self.route)
        return int(version["number"]) if version else 1

    def json(self, form: type[BodyT]) -> BodyT:
        """Parse the body strictly as ``form``.

        Raises:
            Problem: 415 for a body that does not say that it is JSON, or is encoded; 413 for one
                over the event limit, 400 for anything that is not the form.
        """
        self._refuse_other_types()
        if len(self.body) > MAX_EVENT_BYTES:
            raise problems.too_large(MAX_EVENT_BYTES)
        try:
            return strict_json.decode(self.body, form)
        except msgspec.ValidationError as invalid:
            raise problems.invalid_request(
                "the body breaks the contract", _violation(invalid)
            ) from invalid
        except msgspec.DecodeError as malformed:
            raise problems.invalid_request(f"the body is not JSON: {malformed}") from malformed

    def _refuse_other_types(self) -> None:
        """A gzipped text that is none, or a form that happens to be JSON: whoever sent it errs."""
        if not self.body:
            return
        if not _JSON.fullmatch(self.headers.get("content-type", "").strip()):
            raise problems.unsupported_media_type(
                "the body must be JSON, and Content-Type must say application/json",
                {"Accept": "application/json"},
            )
        if self.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise problems.unsupported_media_type(
                "the body must not be encoded: Content-Encoding", {"Accept-Encoding": "identity"}
            )

    def whole_number(self, name: str, *, default: int, least: int, most: int) -> int:
        """A query parameter as a number within bounds. Raises a 400 problem otherwise."""
        text = self.query.get(name)
        if text is None:
            return default
        if text.isascii() and text.isdigit() and len(text) <= 18 and least <= int(text) <= most:
            return int(text)
        raise problems.invalid_request(f"{name} must be a whole number from {least} to {most}")


class ApiEnvironment(msgspec.Struct, frozen=True):
    """What a function behind an API is told of its callers.

    ``web_origin`` is that of the app whose scripts may read answers; none may if it is empty.
    ``own_client_id`` is the machine client of our own service for partners, whose requests are part
    of the trace that they name; nobody's are if it is empty.
    """

    web_origin: str = ""
    own_client_id: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """What the caller gets; ``body`` is anything that serializes to JSON."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Response]
LambdaHandler = Callable[[dict[str, Any], Any], dict[str, Any]]


def endpoint(
    errors: Mapping[type[Exception], Callable[[Any], Problem]] | None = None,
    *,
    keyed: bool = False,
) -> Callable[[Handler], LambdaHandler]:
    """Make a Lambda handler of a function from request to response.

    ``errors`` maps the domain's exceptions to problems: the one place where that is decided.
    ``keyed`` is for callers that are systems: the gateway asks them for a key, not for a token.
    """
    translations = dict(errors or {})

    def decorate(handle: Handler) -> LambdaHandler:
        @wraps(handle)
        def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
            with _span(event) as span:
                answer = answered(event, span)
            invocations.flush()
            return answer

        def answered(event: dict[str, Any], span: spans.Span) -> dict[str, Any]:
            trace = Trace(span.correlation_id, span.context.traceparent)
            try:
                request = _parse(event, trace, keyed)
                response = handle(request)
            except Exception as raised:
                span.error = type(raised).__name__
                problem = _as_problem(raised, translations, trace)
                document = problem.document(_path(event), trace.correlation_id)
                answer = _answer(
                    problem.status, document, problems.PROBLEM_JSON, problem.headers, trace
                )
            else:
                answer = _answer(
                    response.status, response.body, "application/json", response.headers, trace
                )
            if event.get("httpMethod") == "HEAD":
                answer["body"] = ""
            log.info(
                "request answered",
                method=event.get("httpMethod"),
                route=event.get("resource"),  # not the path, which names whose order it is
                status=answer["statusCode"],
                correlation_id=trace.correlation_id,
            )
            span.attributes["http.response.status_code"] = answer["statusCode"]
            if answer["statusCode"] < 500:
                span.error = None  # the server did what it is there for
            return answer

        handler.is_traced = True  # type: ignore[attr-defined]
        return handler

    return decorate


def _span(event: Mapping[str, Any]) -> spans.Span:
    """A span of the trace that our own service calls in; for anybody else, a trace of ours.

    It links to the one that the caller names: else anybody could have anything sampled, and choose
    the id under which it is found.
    """
    headers = _lower_case(event.get("headers"))
    named = context.parse(headers.get("traceparent"))
    method, route = str(event.get("httpMethod")), str(event.get("resource"))
    name, journey = f"{method} {route}", correlation_id_in(headers)
    about: spans.Attributes = {
        "http.request.method": method,
        "http.route": route,
        "faas.trigger": "http",
    }
    if named is not None and _is_ours(event) and not context.is_old(named):
        return spans.inside(named, name, spans.SERVER, journey, attributes=about)
    links = (named,) if named else ()
    return spans.root(name, spans.SERVER, journey, links=links, attributes=about)


def _is_ours(event: Mapping[str, Any]) -> bool:
    """Whether the token is our own service's, by the claim that the gateway has verified."""
    ours = load(ApiEnvironment).own_client_id
    asked = event.get("requestContext") or {}
    claims = (asked.get("authorizer") or {}).get("claims") or {}
    return bool(ours) and claims.get("client_id") == ours


def _parse(event: dict[str, Any], trace: Trace, keyed: bool) -> Request:
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            raw = base64.b64decode(body, validate=True)
        except ValueError as malformed:
            raise problems.invalid_request("the body is not base64") from malformed
    else:
        raw = body.encode("utf-8", "surrogatepass")
    context = event["requestContext"]
    customer_id = "" if keyed else _subject(context)
    if not keyed and not customer_id:
        raise Problem(401, "unauthorized", "Who are you?", "the token names no subject")
    return Request(
        method=event["httpMethod"],
        path=event["path"],
        request_id=context["requestId"],
        customer_id=customer_id,
        trace=trace,
        headers=_lower_case(event.get("headers")),
        path_parameters=event.get("pathParameters") or {},
        query=event.get("queryStringParameters") or {},
        body=raw,
        api_key_id=(context.get("identity") or {}).get("apiKeyId"),
        claims=(context.get("authorizer") or {}).get("claims") or {},
        route=str(event.get("resource") or ""),
    )


def _subject(context: Mapping[str, Any]) -> str:
    """Who calls, as a user pool's token says or a Lambda authorizer does; empty if nobody did."""
    authorizer = context.get("authorizer") or {}
    claims = authorizer.get("claims") or {}
    return claims.get("sub") or authorizer.get("principalId") or ""


def _path(event: Mapping[str, Any]) -> str:
    """A caller may write half a surrogate pair into a path, which no JSON document can carry."""
    path: str = event.get("path") or ""
    return path.encode("utf-8", "replace").decode()


def _as_problem(
    raised: Exception,
    translations: Mapping[type[Exception], Callable[[Any], Problem]],
    trace: Trace,
) -> Problem:
    if isinstance(raised, Problem):
        return raised
    for kind in type(raised).__mro__:
        if kind in translations:
            return translations[kind](raised)
    return unexpected(raised, trace.correlation_id)


def unexpected(raised: Exception, correlation_id: str) -> Problem:
    """The answer to what nobody foresaw, after it has been logged and counted."""
    log.error(
        "request failed",
        error=type(raised).__name__,
        code=getattr(raised, "response", {}).get("Error", {}).get("Code"),
        # Frames only: an exception's own words may quote the request, and so a person.
        frames=traceback.format_tb(raised.__traceback__),
        correlation_id=correlation_id,
    )
    _count_failure()
    return Problem(500, "internal-error", "Something broke on our side", "it has been logged")


def _count_failure() -> None:
    """Where an alias calls, by the version as well: a new one is judged by its own failures."""
    log.metric("UnhandledErrors", 1)
    version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
    if version != "$LATEST":
        name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        log.metric("UnhandledErrorsOfVersion", 1, function=name, version=version)


def _answer(
    status: int, body: Any, content_type: str, headers: Mapping[str, str], trace: Trace
) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {
            "Content-Type": content_type,
            "Cache-Control": "no-store",
            **BROWSERS,
            **_readable_from(load(ApiEnvironment).web_origin),
            "X-Correlation-Id": trace.correlation_id,
            **headers,
        },
        "body": "" if body is None else msgspec.json.encode(body).decode(),
    }


def _readable_from(origin: str) -> dict[str, str]:
    if not origin:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": READ_BY_SCRIPTS,
    }


def _lower_case(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {name.lower(): value for name, value in (headers or {}).items()}


def _violation(invalid: msgspec.ValidationError) -> Violation:
    """From msgspec's words, such as ``Expected `int`, got `str` - at `$.lines[0].quantity```."""
    match = _AT.match(str(invalid))
    path = (match and match["path"]) or "$"
    path = path.partition("[...]")[0]  # msgspec does not say at which key of a mapping
    pointer = re.sub(r"\[(\d+)\]", r".\1", path).removeprefix("$").replace(".", "/")
    return Violation(pointer, match["detail"] if match else str(invalid))
