"""Reads a call of an API as CloudTrail reports it on the account's bus."""

from typing import Annotated, Any

import msgspec

from audit.domain.forbidden_change import ForbiddenChange
from shared.runtime.plain_text import plain

LONGEST = 300
"""Characters of what the event says of itself: names and ARNs are shorter."""
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]


class NotAReport(Exception):
    """The message is no report of a call."""


class Identity(msgspec.Struct, frozen=True):
    """Who called; services of AWS and callers of other accounts have no ARN."""

    type: str = "unknown"
    arn: str | None = None
    account_id: str | None = msgspec.field(name="accountId", default=None)


class Touched(msgspec.Struct, frozen=True):
    """A resource that the call was about."""

    arn: str | None = msgspec.field(name="ARN", default=None)


class Call(msgspec.Struct, frozen=True):
    """The fields of CloudTrail's record that are used here."""

    event_id: Name = msgspec.field(name="eventID")
    source: Name = msgspec.field(name="eventSource")
    name: Name = msgspec.field(name="eventName")
    time: Name = msgspec.field(name="eventTime")
    who: Identity = msgspec.field(name="userIdentity")
    parameters: dict[str, Any] | None = msgspec.field(name="requestParameters", default=None)
    resources: list[Touched] | None = None


class Report(msgspec.Struct, frozen=True):
    """The event on the bus."""

    detail: Call


_decode = msgspec.json.Decoder(Report).decode


def read(body: str) -> ForbiddenChange:
    """The change that a message from the account's bus reports.

    Raises:
        NotAReport: it is not JSON, or lacks what a call's record has.
    """
    try:
        call = _decode(body).detail
    except (msgspec.DecodeError, UnicodeEncodeError) as malformed:
        raise NotAReport(f"not a report of a call: {malformed}") from malformed
    return ForbiddenChange(
        event_id=plain(call.event_id, LONGEST),
        call=plain(call.name, LONGEST),
        target=plain(_target_of(call), LONGEST),
        who=plain(call.who.arn or f"{call.who.type} of {call.who.account_id}", LONGEST),
        when=plain(call.time, LONGEST),
    )


def _target_of(call: Call) -> str:
    parameters = call.parameters or {}
    match call.source:
        case "cloudtrail.amazonaws.com":
            found = parameters.get("name") or parameters.get("trailName")
        case "s3.amazonaws.com":
            found = parameters.get("bucketName")
        case _:
            found = next((it.arn for it in call.resources or () if it.arn), None)
    if not isinstance(found, str) or not found:
        raise NotAReport(f"{call.name} says of no resource that it is about it")
    return found
