"""Errors as RFC 9457 problem documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.runtime.product import problem_type

PROBLEM_JSON = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong with a request body; ``pointer`` is a JSON Pointer into it (RFC 6901)."""

    pointer: str
    detail: str


@dataclass(eq=False)
class Problem(Exception):
    """An answer that is an error: raise it anywhere below a handler.

    ``kind`` is the last segment of the problem's type URI.
    """

    status: int
    kind: str
    title: str
    detail: str
    errors: Sequence[Violation] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self, instance: str, correlation_id: str) -> dict[str, Any]:
        """The problem document, as a mapping that serializes to JSON."""
        document: dict[str, Any] = {
            "type": problem_type(self.kind),
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "correlation_id": correlation_id,
        }
        if self.errors:
            document["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in self.errors]
        return document


def invalid_request(detail: str, *errors: Violation) -> Problem:
    """400: the request does not have the form that the contract gives it."""
    return Problem(400, "invalid-request", "The request is not valid", detail, errors)


def not_found(what: str, its_id: str) -> Problem:
    """404: there is no such thing, or it is not the caller's."""
    return Problem(
        404, f"{what}-not-found", f"There is no such {what}", f"you have no {what} {its_id!r}"
    )


def not_found_yet(what: str, its_id: str) -> Problem:
    """404 with Retry-After: the caller asked for a version that the view may reach soon."""
    problem = not_found(what, its_id)
    problem.title = f"There is no such {what} in this version yet"
    problem.detail += " in the version that min_version asks for; try again in a second"
    problem.headers = {"Retry-After": "1"}
    return problem


def too_large(limit: int) -> Problem:
    """413: the body, or the event that it would make, exceeds the smallest hop."""
    return Problem(
        413, "too-large", "The request is too large", f"it would exceed {limit} bytes as an event"
    )


def unsupported_media_type(detail: str, headers: Mapping[str, str]) -> Problem:
    """415: the body is of another kind; ``headers`` say of which it may be."""
    return Problem(415, "unsupported-media-type", "Send application/json", detail, headers=headers)
