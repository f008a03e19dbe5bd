"""AppConfig's Lambda validator: the consumer's own judgement, before a document is deployed."""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from shared.runtime import configuration_refusals, log
from shared.runtime.configuration import Profile, Refused, Violation
from shared.runtime.strict_json import refuse_duplicate_names
from shared.runtime.tracing.invocations import invocation

Validator = Callable[[Mapping[str, Any], Any], None]
_STORED_FLAGS = {"version", "flags", "values"}


def validator(profiles: Sequence[Profile[Any]]) -> Validator:
    """A Lambda handler that raises Refused for a document that must not be deployed.

    AppConfig's event holds ``content`` in base64, and names the profile by an id that a function
    cannot know, because the profile names the function. So the document's own form tells: flags
    are stored as ``{version, flags, values}``. One that came to the wrong profile is refused by
    that profile's other validator, and by the consumer.
    """
    by_name = {profile.name: profile for profile in profiles}

    @invocation
    def handler(event: Mapping[str, Any], _context: Any) -> None:
        version = event.get("configurationVersion")
        try:
            profile = judge(event)
        except Refused as refused:
            configuration_refusals.write(refused.profile, version, refused.violations)
            raise
        log.info("configuration accepted", profile=profile, version=version)

    def judge(event: Mapping[str, Any]) -> str:
        document = base64.b64decode(event["content"])
        flags = served_flags(document)
        if flags is None:
            profile = by_name["settings"]
        elif "flags" in by_name:
            profile, document = by_name["flags"], flags
        else:
            raise Refused("flags", [Violation("", "no flags: this service has none")])
        profile.read(document)
        try:
            refuse_duplicate_names(base64.b64decode(event["content"]))
        except msgspec.DecodeError as ambiguous:
            raise Refused(profile.name, [Violation("", str(ambiguous))]) from ambiguous
        return profile.name

    return handler


def served_flags(document: bytes) -> bytes | None:
    """The flags as AppConfig serves what it stores in this document; None if it is none of flags.

    Served are the values alone, without what AppConfig notes beside them under a leading ``_``.
    """
    try:
        stored = msgspec.json.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(stored, dict) or "version" not in stored or set(stored) - _STORED_FLAGS:
        return None
    values = stored.get("values", {})
    if isinstance(values, dict):
        values = {name: _without_notes(flag) for name, flag in values.items()}
    return msgspec.json.encode(values)


def _without_notes(flag: Any) -> Any:
    if not isinstance(flag, dict):
        return flag  # the profile says what is wrong with it
    return {name: value for name, value in flag.items() if not name.startswith("_")}
