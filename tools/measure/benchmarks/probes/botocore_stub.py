"""Answers a botocore client's requests: built and signed, but never sent."""

import json
from collections.abc import Callable
from typing import Any

Answer = dict[str, Any] | Callable[[bytes], dict[str, Any]]


def answer_below_signing(client: Any, answers: dict[str, Answer]) -> list[str]:
    """Make a client answer itself, by operation; a call that has no answer is an error.

    Returns the list in which each call's operation will be noted.
    """
    from botocore.awsrequest import AWSResponse

    calls: list[str] = []

    def respond(request: Any, **_event: Any) -> AWSResponse:
        if b"Signature=" not in _bytes(request.headers.get("Authorization")):
            raise AssertionError("the request is not signed")
        operation = _bytes(request.headers["X-Amz-Target"]).decode().rpartition(".")[2]
        calls.append(operation)
        answer = answers[operation]
        document = answer(_bytes(request.body)) if callable(answer) else answer
        content = json.dumps(document).encode()
        headers: Any = {"content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "stubbed"}
        return AWSResponse(request.url, 200, headers, Body(content))

    client.meta.events.register("before-send", respond)
    return calls


class Body:
    """A response's body as urllib3 would stream it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> list[bytes]:
        return [self._content]


def _bytes(text: str | bytes | None) -> bytes:
    return text.encode() if isinstance(text, str) else text or b""
