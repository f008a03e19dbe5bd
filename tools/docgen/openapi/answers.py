"""What an operation can answer: what is written, and the refusals of handler, kit and gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from contracts.product import PROBLEM_TYPES
from tools.docgen.openapi.routes import Refusal, Route
from tools.docgen.openapi.written import Answer, NotWritten, Operation

OF_EVERYBODY = ("THROTTLED", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT")
OF_TOKENS = ("UNAUTHORIZED", "EXPIRED_TOKEN", "ACCESS_DENIED")
OF_BODIES = ("REQUEST_TOO_LARGE",)
OF_KEYS = ("INVALID_API_KEY", "QUOTA_EXCEEDED")
"""Which of the gateway's answers an operation can get."""
MOST_NAMED = 2
"""What can be refused for more reasons than these is said in place: its name would be too long."""


@dataclass
class Answers:
    """Makes the ``responses`` of operations.

    ``known`` are the refusals of handlers and kit by kind, ``gateways`` those of the gateway by its
    own names. Refusals that several operations have are ``shared``: made once, with a name.
    """

    ALWAYS: ClassVar[str] = "X-Correlation-Id"
    known: Mapping[str, Refusal]
    gateways: Mapping[str, Refusal]
    shared: dict[str, Any] = field(default_factory=dict)

    def of(self, written: Operation, route: Route) -> dict[str, Any]:
        """By status. Raises NotWritten for a problem that nobody raises."""
        made = {str(status): _answer(it) for status, it in sorted(written.answers.items())}
        for status, kinds in sorted(self._refusals(written, route).items()):
            made[str(status)] = self._shared(kinds) if len(kinds) <= MOST_NAMED else _problem(kinds)
        return made

    def _shared(self, kinds: Sequence[Refusal]) -> dict[str, Any]:
        name = "Or".join(_title(it.kind) for it in kinds)
        self.shared.setdefault(name, _problem(kinds))
        return {"$ref": f"#/components/responses/{name}"}

    def _refusals(self, written: Operation, route: Route) -> dict[int, list[Refusal]]:
        kinds = {"internal-error", *written.problems}
        if written.body:
            kinds |= {"invalid-request", "too-large", "unsupported-media-type"}
        if unknown := kinds - self.known.keys():
            raise NotWritten(f"{written.route}: no handler raises {', '.join(sorted(unknown))}")
        found = {self.known[it] for it in kinds}
        names = [*OF_EVERYBODY, *(OF_KEYS if route.has_key else ())]
        names += OF_TOKENS if route.scopes or not route.has_key else ()
        names += OF_BODIES if written.body else ()
        found |= {self.gateways[it] for it in names}
        by_status: dict[int, list[Refusal]] = {}
        for refusal in sorted(found):
            its = by_status.setdefault(refusal.status, [])
            if refusal.kind not in {it.kind for it in its}:  # handler and gateway may say the same
                its.append(refusal)
        return by_status


def _answer(written: Answer) -> dict[str, Any]:
    names = (Answers.ALWAYS, *written.headers)
    made: dict[str, Any] = {
        "description": written.description,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
    }
    if written.schema:
        schema = {"$ref": f"#/components/schemas/{written.schema}"}
        content = {"schema": schema, "example": written.example}
        made["content"] = {"application/json": content}
    if written.links:
        made["links"] = {
            name: {"operationId": name, "parameters": parameters}
            for name, parameters in written.links.items()
        }
    return made


def _problem(kinds: Sequence[Refusal]) -> dict[str, Any]:
    types = {it.kind: PROBLEM_TYPES + it.kind for it in kinds}
    return {
        "description": "; or: ".join(it.title for it in kinds),
        "content": {
            "application/problem+json": {
                "schema": {
                    "allOf": [
                        {"$ref": "#/components/schemas/Problem"},
                        {"properties": {"type": {"enum": list(types.values())}}},
                    ]
                },
                "examples": {it.kind: {"value": _example(it, types[it.kind])} for it in kinds},
            }
        },
    }


def _example(refusal: Refusal, type: str) -> dict[str, Any]:
    return {
        "type": type,
        "title": refusal.title,
        "status": refusal.status,
        "detail": "more about it, for people",
        "correlation_id": "5a3b1c7e-94d2-4b61-8f0a-7c2d9e4f6a18",
    }


def _title(kind: str) -> str:
    return "".join(it.capitalize() for it in kind.split("-"))
