"""Who has passed VPC Lattice and is the one caller is answered; nobody else is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.runtime import problems
from shared.runtime.api import Response
from shared.runtime.lattice import Request, endpoint
from tests.support.examples.lattice import PRINCIPAL, ROLE, event

PATH = "/v1/things"


def answered(asked: Any) -> tuple[int, Any, dict[str, str]]:
    """Status, document and headers of a function that says what it was asked."""

    @endpoint(PATH, lambda: ROLE)
    def handler(request: Request) -> Response:
        if request.query.get("name") == "broken":
            raise ZeroDivisionError
        if request.query.get("name") == "bad":
            raise problems.invalid_request("name: another one")
        return Response(200, dict(request.query))

    answer = handler(asked, None)
    assert answer["isBase64Encoded"] is False
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


def test_the_one_caller_is_answered() -> None:
    status, document, headers = answered(event(PATH, {"name": "cup"}))
    assert (status, document) == (200, {"name": "cup"})
    assert headers["Content-Type"] == "application/json"
    assert answered(event(f"{PATH}?name=cup", {"name": "cup"}))[0] == 200


def test_the_principal_may_be_written_as_the_documentation_writes_it() -> None:
    assert answered(event(PATH, principal=PRINCIPAL.replace(":sts:", ":iam:")))[0] == 200


@pytest.mark.parametrize(
    "asked",
    [
        event(PATH, principal=None),
        event(PATH, type="NONE"),
        event(PATH, type=""),
        event(PATH, principal=""),
        event(PATH, principal=ROLE),
        event(PATH, principal=f"{PRINCIPAL}\n"),
        event(PATH, principal=PRINCIPAL.replace("partners-pod", "partners-pod2")),
        event(PATH, principal=PRINCIPAL.replace("partners-pod", "x/partners-pod")),
        event(PATH, principal=PRINCIPAL.replace("123456789012", "210987654321")),
        event(PATH, principal=PRINCIPAL.replace("arn:aws:", "arn:aws-cn:")),
        event(PATH, principal="arn:aws:iam::123456789012:user/partners-pod"),
        event(PATH, version="1.0"),
        event(PATH, requestContext={}),
        {"httpMethod": "GET", "path": PATH, "requestContext": {"identity": {}}},
        {"raw_path": PATH, "method": "GET", "headers": {}},
        {},
        [],
        "text",
        None,
    ],
    ids=repr,
)
def test_everybody_else_is_refused_whatever_they_send(asked: Any) -> None:
    status, document, headers = answered(asked)
    assert (status, document["type"].rpartition("/")[2]) == (403, "not-a-caller")
    assert headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (event(PATH, {"name": "bad"}), 400),
        (event("/v1/other"), 404),
        (event(f"{PATH}/"), 404),
        (event(PATH, method="POST"), 405),
        (event(PATH, {"name": "broken"}), 500),
    ],
    ids=["the service says no", "another path", "below it", "another method", "our fault"],
)
def test_a_refusal_is_a_problem_document(asked: Any, status: int) -> None:
    found, document, headers = answered(asked)
    assert (found, document["status"]) == (status, status)
    assert headers["Content-Type"] == "application/problem+json"
    assert "ZeroDivision" not in json.dumps(document)


def test_the_callers_trace_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    sent = {"traceparent": [f"00-{trace}-b7ad6b7169203331-00"]}
    answered(event(PATH, headers=sent))
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["trace_id"] == trace
    answered(event(PATH, headers=sent, principal=None))
    strange = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert strange["trace_id"] != trace, "a stranger's trace is none of ours"
