"""The one place where failures become problem documents (RFC 9457)."""

import re
from collections.abc import Mapping
from typing import Any

from partners.ports import Answer, Silent
from shared.runtime.problems import Problem, Violation

_KIND = re.compile(r"[a-z][a-z0-9-]{0,63}")
ABOUT_THE_REQUEST = (400, 404, 409, 410, 412, 413, 422)
"""What another service says of what the partner wants; all else is between us and that service."""


def no_consumer() -> Problem:
    """401: it came past the gateway, which says whose key it was."""
    return Problem(401, "no-consumer", "Who are you?", "requests come through the gateway")


def not_found() -> Problem:
    """404: no route."""
    return Problem(404, "no-such-path", "There is no such path", "see the API's document")


def silent(refused: Silent) -> Problem:
    """503: it may have happened. ``reference`` makes it safe to ask again."""
    return Problem(
        503,
        "try-again",
        "This cannot be answered at present",
        f"{refused.who} does not answer; repeat the request as it is: nothing happens twice",
        headers={"Retry-After": str(refused.retry_after)},
    )


def out_of_time() -> Problem:
    """503 as ``silent``."""
    return silent(Silent("one of several services"))


def broken() -> Problem:
    """500: our fault."""
    return Problem(500, "internal-error", "Something broke on our side", "it has been logged")


def of_another_service(answer: Answer) -> Problem:
    """The refusal of whoever was asked, without its own names for customers and orders."""
    document: Mapping[str, Any] = answer.document if isinstance(answer.document, dict) else {}
    kind = answer.kind
    if answer.status not in ABOUT_THE_REQUEST or not _KIND.fullmatch(kind):
        raise Silent("another service")
    errors = [
        Violation(str(it.get("pointer", "")), str(it.get("detail", "")))
        for it in document.get("errors", ())
        if isinstance(it, dict)
    ]
    title = str(document.get("title", "The request is refused"))
    if kind == "idempotency-key-reused":
        kind, title = "reference-reused", "The reference was used for another order"
    if answer.status in (404, 410):
        return Problem(answer.status, kind, title, "you have nothing by this reference")
    detail = "; ".join(f"{it.pointer}: {it.detail}" for it in errors) or title
    return Problem(answer.status, kind, title, detail, errors)
