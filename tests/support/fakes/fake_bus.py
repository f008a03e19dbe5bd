"""EventBridge as services see it, with what it refuses: an entry, a whole call, or everything."""

import json
from typing import Any

from botocore.exceptions import ClientError

from shared.messaging.envelope import Envelope, decode

MAX_BYTES = 256 * 1024
INTEGERS = range(-(2**63), 2**63)


class FakeEventBridge:
    """Keeps the messages and the calls; ``refuses`` makes it throttle.

    ``refused`` counts the calls that were too large.

    ``refuses_types`` are refused for good, with the code: of an entry, or of a whole call.
    """

    def __init__(self) -> None:
        self.refuses = False
        self.refused = 0
        self.refuses_types: dict[str, str] = {}
        self.calls: list[list[dict[str, str]]] = []

    def put_events(self, *, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        """As PutEvents, its documented refusals included."""
        if not 0 < len(Entries) <= 10:
            raise refusal("ValidationException", "1 to 10 entries")
        if sum(map(_size, Entries)) >= MAX_BYTES:
            self.refused += 1
            raise refusal("ValidationException", "Total size of the entries is over the limit")
        if any(self.refuses_types.get(it["DetailType"]) == "ValidationException" for it in Entries):
            raise refusal("ValidationException", "an entry is not valid")
        if self.refuses:
            results = [{"ErrorCode": "ThrottlingException"} for _ in Entries]
            return {"FailedEntryCount": len(Entries), "Entries": results}
        results = [self._result(entry) for entry in Entries]
        taken = [entry for entry, it in zip(Entries, results, strict=True) if "ErrorCode" not in it]
        if taken:
            self.calls.append(taken)
        return {"FailedEntryCount": len(Entries) - len(taken), "Entries": results}

    def _result(self, entry: dict[str, str]) -> dict[str, str]:
        if code := self.refuses_types.get(entry["DetailType"]):
            return {"ErrorCode": code}
        if not entry["Source"] or not 0 < len(entry["DetailType"]) <= 128:
            return {"ErrorCode": "InvalidArgument"}
        try:
            json.loads(entry["Detail"], parse_int=_parse_int)
        except (ValueError, RecursionError):
            return {"ErrorCode": "MalformedDetail"}
        return {"EventId": "1"}

    @property
    def messages(self) -> list[Envelope]:
        """Everything that was put, in order."""
        return [decode(entry["Detail"]) for call in self.calls for entry in call]


def refusal(code: str, message: str) -> ClientError:
    """What botocore raises where EventBridge refuses a whole call."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "PutEvents")


def _size(entry: dict[str, str]) -> int:
    return sum(len(entry[part].encode()) for part in ("Source", "DetailType", "Detail"))


def _parse_int(digits: str) -> int:
    if (number := int(digits)) not in INTEGERS:
        raise ValueError(digits)
    return number
