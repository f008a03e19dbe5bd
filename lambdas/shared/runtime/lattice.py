"""VPC Lattice's events (version 2.0) in, HTTP answers out; who has not passed Lattice is refused.

Lattice asks IAM about each request and says in the event who has signed it. Where its policy is
gone it says nothing, and gets no answer: the network is not the only one who asks.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal

import msgspec

from shared.runtime import log, problems
from shared.runtime.api import Response, correlation_id_in, unexpected
from shared.runtime.problems import Problem
from shared.runtime.tracing import invocations, spans

SIGNED = "AWS_IAM"
"""The type of identity of a request whose signature IAM has looked at."""
_SESSION = re.compile(
    r"arn:(?P<partition>[a-z-]+):(?:sts|iam)::(?P<account>[0-9]{12}):assumed-role"
    r"/(?P<name>[\w+=,.@-]{1,64})/[\w+=,.@-]+"
)


class Identity(msgspec.Struct, frozen=True):
    """Who has signed a request, as Lattice says it; empty where nobody has."""

    type: str = ""
    principal: str = ""

    @property
    def role(self) -> str:
        """The ARN of the role by which it was signed; empty if it was none."""
        session = _SESSION.fullmatch(self.principal)
        if self.type != SIGNED or session is None:
            return ""
        return f"arn:{session['partition']}:iam::{session['account']}:role/{session['name']}"


class _Context(msgspec.Struct, frozen=True, rename="camel"):
    service_arn: str
    target_group_arn: str
    identity: Identity = Identity()


class _Event(msgspec.Struct, frozen=True, rename="camel"):
    version: Literal["2.0"]
    method: str
    path: str
    request_context: _Context
    headers: Mapping[str, Sequence[str]] = {}
    query_string_parameters: Mapping[str, Sequence[str]] = {}


@dataclass(frozen=True, slots=True)
class Request:
    """One call through the network, after its caller is known. ``query`` has the last values."""

    query: Mapping[str, str]


Handler = Callable[[Request], Response]
LambdaHandler = Callable[[dict[str, Any], Any], dict[str, Any]]


def endpoint(path: str, caller: Callable[[], str]) -> Callable[[Handler], LambdaHandler]:
    """Make a Lambda handler of a function from request to response, for GET of one path.

    ``caller`` gives the ARN of the one role that may call.
    """

    def decorate(handle: Handler) -> LambdaHandler:
        @wraps(handle)
        def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
            asked = _admitted(event, caller())
            headers = _lower_case(asked.headers) if isinstance(asked, _Event) else {}
            correlation_id = correlation_id_in(headers)
            # Whom the network knows is one of ours: what is done here is a part of its trace.
            with spans.after(
                headers.get("traceparent"),
                f"GET {path}",
                spans.SERVER,
                correlation_id,
                attributes={
                    "http.request.method": "GET",
                    "http.route": path,
                    "faas.trigger": "http",
                },
            ) as span:
                answer = _answered(asked, path, handle, correlation_id)
                span.attributes["http.response.status_code"] = answer["statusCode"]
                if answer["statusCode"] >= 500:
                    span.error = str(answer["statusCode"])
                log.info("request answered", route=path, status=answer["statusCode"])
            invocations.flush()
            return answer

        handler.is_traced = True  # type: ignore[attr-defined]
        return handler

    return decorate


def _admitted(event: Any, role: str) -> _Event | Problem:
    """The event, or why it is not looked at."""
    try:
        read = msgspec.convert(event, _Event)
    except msgspec.ValidationError:
        return _stranger("this is no event of the service network")
    if read.request_context.identity.role != role:
        return _stranger("you are not among the callers")
    return read


def _stranger(detail: str) -> Problem:
    return Problem(403, "not-a-caller", "You may not call this", detail)


def _answered(
    asked: _Event | Problem, path: str, handle: Handler, correlation_id: str
) -> dict[str, Any]:
    try:
        if isinstance(asked, Problem):
            raise asked
        if asked.path.partition("?")[0] != path:
            raise Problem(404, "no-such-path", "There is no such path", "see the service's policy")
        if asked.method != "GET":
            raise Problem(
                405, "method-not-allowed", "Not this method", "see Allow", headers={"Allow": "GET"}
            )
        query = {name: values[-1] for name, values in asked.query_string_parameters.items()}
        given = handle(Request(query))
    except Exception as raised:
        problem = raised if isinstance(raised, Problem) else unexpected(raised, correlation_id)
        document = problem.document(path, correlation_id)
        return _answer(problem.status, document, problems.PROBLEM_JSON, problem.headers)
    return _answer(given.status, given.body, "application/json", given.headers)


def _answer(
    status: int, body: Any, content_type: str, headers: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "isBase64Encoded": False,
        "statusCode": status,
        "headers": {"Content-Type": content_type, "Cache-Control": "no-store", **headers},
        "body": msgspec.json.encode(body).decode(),
    }


def _lower_case(headers: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {name.lower(): values[-1] for name, values in headers.items() if values}
