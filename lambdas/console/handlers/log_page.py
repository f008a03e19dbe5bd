"""GET /v1/log?shard=&after=&since=: the event log, shard by shard, for the log's page alone."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from console.adapters.log_answers import NoSuchShard, log_of
from console.domain.log_place import LogPlace, PlaceExpired, place_of
from console.domain.sealed_text import NotSealed
from console.environment import InspectEnvironment
from console.handlers.owners import cards, functions
from shared.runtime import clock, problems
from shared.runtime.api import Request
from shared.runtime.environment import load

_SHARD = re.compile(r"shardId-[0-9]{12}", re.ASCII)


def answer(request: Request, as_of: str) -> dict[str, Any]:
    """The document, without when it was made. Raises a problem of ERRORS, or Unanswered."""
    shard = request.query.get("shard")
    now = clock.parse_time(as_of)
    if shard is not None and not _SHARD.fullmatch(shard):
        raise problems.invalid_request("shard: not a shard's name, such as shardId-000000000000")
    place, since = _start(request, shard, as_of)
    return log_of(
        functions(), load(InspectEnvironment).show_log_arn, cards().all(), shard, place, since, now
    )


def _start(request: Request, shard: str | None, as_of: str) -> tuple[LogPlace | None, str | None]:
    after, since = request.query.get("after"), request.query.get("since")
    if after is None and since is None:
        return None, None
    if shard is None:
        raise problems.invalid_request("after and since: they are of a shard, and none is named")
    if after is not None and since is not None:
        raise problems.invalid_request("after and since: one of them says where to begin")
    if after is not None:
        return place_of(after, shard, clock.parse_time(as_of)), None
    assert since is not None
    try:
        moment = clock.parse_time(since)
    except ValueError as malformed:
        raise problems.invalid_request(f"since: {malformed}") from malformed
    return None, clock.format_time(moment)


def not_sealed(_refusal: NotSealed) -> problems.Problem:
    """400: the cursor was changed, or is of another shard."""
    return problems.invalid_request("after: not a place in this shard that the log's page gave out")


def expired(_refusal: PlaceExpired) -> problems.Problem:
    """410: what Kinesis calls an iterator lives for five minutes."""
    return problems.Problem(
        410,
        "place-expired",
        "The place in the log has expired",
        "it is good for five minutes; begin again with since and the time of the last record",
    )


def no_such_shard(_refusal: NoSuchShard) -> problems.Problem:
    """404: it never was, or all that it held is gone."""
    return problems.Problem(
        404,
        "shard-not-found",
        "The log has no such shard",
        "ask without shard for those that there are",
    )


ERRORS: Mapping[type[Exception], Callable[[Any], problems.Problem]] = {
    NotSealed: not_sealed,
    PlaceExpired: expired,
    NoSuchShard: no_such_shard,
}
