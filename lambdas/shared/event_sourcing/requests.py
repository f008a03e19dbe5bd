"""A command as an API's request brings it, and how the refusals read that all aggregates share."""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from shared.event_sourcing.changing import AppendConflict, IdempotencyKeyReused, NotFound
from shared.event_sourcing.recorded import AnotherRegionWrites, CommandMetadata, digest
from shared.runtime import problems
from shared.runtime.api import Request
from shared.runtime.patterns import is_uuid
from shared.runtime.problems import Problem

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def idempotency_key(request: Request) -> str:
    """The caller's key. Raises a 400 problem when it is missing or malformed."""
    key = request.headers.get("idempotency-key")
    if key is None:
        raise Problem(
            400,
            "idempotency-key-missing",
            "The Idempotency-Key header is missing",
            "send a key of your own making, the same one when you repeat the request",
        )
    if not _KEY.fullmatch(key):
        raise problems.invalid_request("Idempotency-Key: 1 to 255 visible ASCII characters")
    return key


def id_in_path(request: Request, what: str) -> str:
    """The id of an ``order``, say, in the path. Raises a 404 problem when it has not the form."""
    its_id = request.path_parameters.get(f"{what}_id", "")
    if not is_uuid(its_id):
        raise problems.not_found(what, its_id[:64])
    return its_id


def metadata(request: Request, key: str, form: msgspec.Struct) -> CommandMetadata:
    """The command's identity: keys are kept as digests, since callers choose them."""
    return CommandMetadata(
        key=digest(request.customer_id, key),
        request_hash=digest(msgspec.to_builtins(form)),
        correlation_id=request.trace.correlation_id,
        causation_id=request.request_id,
        traceparent=request.trace.traceparent,
    )


def errors_about(what: str) -> dict[type[Exception], Callable[[Any], Problem]]:
    """How the kit's own refusals read, for ``endpoint(errors=...)``; ``what`` is such as ``order``.

    ``what`` is a part of a problem's type, and so must not change.
    """
    return {
        IdempotencyKeyReused: lambda _e: Problem(
            422,
            "idempotency-key-reused",
            "The Idempotency-Key was used with another body",
            "use a new key for a new request",
        ),
        NotFound: lambda e: problems.not_found(what, e.aggregate_id),
        AppendConflict: lambda e: Problem(
            409,
            "conflict",
            f"The {what} is being changed by others",
            f"{what} {e.aggregate_id!r} kept changing; try again",
            headers={"Retry-After": "1"},
        ),
        AnotherRegionWrites: lambda _e: Problem(
            503,
            "another-region-writes",
            f"Nothing changes the {what} here at present",
            "another region writes; try again later, with the same Idempotency-Key",
            headers={"Retry-After": "60"},
        ),
    }
