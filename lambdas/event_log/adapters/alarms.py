"""Alarms of every service of the environment, as CloudWatch has them: their state and no data."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from shared.runtime import clock
from shared.runtime.plain_text import plain

MOST_PAGES = 5
"""Of a hundred alarms each, are looked at."""
MOST_TOLD = 100
LONGEST_TEXT = 300
FIRES = "ALARM"
STATES = {"OK": "ok", FIRES: "alarm", "INSUFFICIENT_DATA": "no_data"}
_DESCRIPTION = re.compile(r"([a-z][a-z0-9-]*): (.*); see docs/operations[.]md", re.DOTALL)
_HASHES = re.compile(r"[0-9A-F]{8}-[0-9A-Za-z]+\Z")
"""What CloudFormation adds to a logical id, and the CDK to that."""


class Alarm(msgspec.Struct, frozen=True):
    """One that fires since a time, which its service's operators call by ``name``."""

    name: str
    service: str
    what: str
    since: str | None
    reason: str | None


class Alarms(msgspec.Struct, frozen=True):
    """``counts`` are of all by state, ``alarms`` those that fire, the newest first; each is
    ``capped`` if there are more than were looked at or are told.
    """

    counts: dict[str, int]
    counts_capped: bool
    alarms: list[Alarm]
    capped: bool


class EveryAlarm:
    """``client`` is a botocore CloudWatch client; names of the alarms begin with ``prefix``."""

    def __init__(self, client: Any, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def told(self) -> Alarms:
        """What fires now. Raises botocore.exceptions.ClientError."""
        found, more = self.found()
        counts = dict.fromkeys(STATES.values(), 0)
        for it in found:
            counts[STATES.get(it["StateValue"], "no_data")] += 1
        firing = [self._alarm(it) for it in found if it["StateValue"] == FIRES]
        firing.sort(key=lambda it: it.since or "", reverse=True)
        return Alarms(counts, more, firing[:MOST_TOLD], more or len(firing) > MOST_TOLD)

    def found(self) -> tuple[list[Mapping[str, Any]], bool]:
        """As CloudWatch describes them, and whether there are more."""
        found: list[Mapping[str, Any]] = []
        request: dict[str, Any] = {"AlarmNamePrefix": self._prefix, "MaxRecords": 100}
        for _ in range(MOST_PAGES):
            answer = self._client.describe_alarms(**request)
            found += answer["MetricAlarms"]
            if not answer.get("NextToken"):
                return found, False
            request["NextToken"] = answer["NextToken"]
        return found, True

    def queue_names(self) -> Iterator[str]:
        """Of every queue that an alarm watches: each of ours has one on its dead letters."""
        for it in self.found()[0]:
            if it.get("Namespace") == "AWS/SQS":
                yield from (of["Value"] for of in it["Dimensions"] if of["Name"] == "QueueName")

    def _alarm(self, it: Mapping[str, Any]) -> Alarm:
        described = _DESCRIPTION.fullmatch(it.get("AlarmDescription") or "")
        rest = _HASHES.sub("", it["AlarmName"].removeprefix(self._prefix))
        service = described[1] if described else rest
        since, reason = it.get("StateUpdatedTimestamp"), it.get("StateReason")
        return Alarm(
            rest.removeprefix(f"{service}-")[:LONGEST_TEXT],
            service[:LONGEST_TEXT],
            plain(described[2] if described else "it has no description", LONGEST_TEXT),
            clock.format_time(since) if since else None,
            plain(reason, LONGEST_TEXT) if reason else None,
        )
