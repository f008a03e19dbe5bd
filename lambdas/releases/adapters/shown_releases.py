"""Releases as Step Functions remembers them: how they stand or ended, and what was seen of one."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import msgspec

from shared.runtime import clock
from shared.runtime.plain_text import plain

MOST = 10
"""Releases that are told, the newest first."""
MOST_EVENTS = 1000
"""Of the newest release's history, from its end: some hundred observations."""
OBSERVE = "Observe"
CANARY = "canary"
LONGEST_TEXT = 200
STATES = {"RUNNING": "running", "SUCCEEDED": "promoted"}
ERRORS = {"RolledBack": "rolled back", "NotRolledBack": "not rolled back", "Refused": "refused"}
"""As the machine names the ends of a release that was not promoted."""
INTERRUPTED = "interrupted"
TEXTS = ("next", "reason", "phase")
"""Of an observation."""
Text = Annotated[str, msgspec.Meta(max_length=2000)]


class Figures(msgspec.Struct, frozen=True):
    """A version's calls in a while; ``slow_ms`` is None without calls."""

    calls: int
    failed: int
    slow_ms: float | None


class Observation(msgspec.Struct, frozen=True):
    """What one observation saw, as the machine keeps it: nothing else of it is told."""

    next: Text
    reason: Text
    phase: Text
    weight: float
    seconds: float
    old: Figures
    new: Figures


class ShownReleases:
    """``client`` is a botocore Step Functions client, and ``machine`` the machine's ARN."""

    def __init__(self, client: Any, machine: str) -> None:
        self._client = client
        self._machine = machine

    def told(self) -> dict[str, Any]:
        """``{releases, seen, judged, capped}``: ``seen`` is what was seen last of the newest
        release, and ``judged`` what was seen last while two versions shared the calls; each is None
        if there is none.
        """
        answer = self._client.list_executions(stateMachineArn=self._machine, maxResults=MOST)
        found = answer["executions"]
        seen = list(self._observations(found[0]["executionArn"])) if found else []
        judged = next((it for it in seen if it["phase"] == CANARY), None)
        return {
            "releases": [self._release(it) for it in found],
            "seen": seen[0] if seen else None,
            "judged": judged,
            "capped": bool(answer.get("nextToken")),
        }

    def _release(self, execution: Mapping[str, Any]) -> dict[str, Any]:
        service, _, rest = str(execution["name"]).partition(".")
        stopped = execution.get("stopDate")
        return {
            "service": plain(service, LONGEST_TEXT),
            "version": plain(rest.rpartition(".")[0] or rest, LONGEST_TEXT),
            "began_at": clock.format_time(execution["startDate"]),
            "ended_at": clock.format_time(stopped) if stopped else None,
            **self._end(execution),
        }

    def _end(self, execution: Mapping[str, Any]) -> dict[str, Any]:
        """The state, and of one that was not promoted why."""
        status = execution["status"]
        if status in STATES:
            return {"state": STATES[status], "reason": None}
        about = self._client.describe_execution(executionArn=execution["executionArn"])
        state = ERRORS.get(about.get("error", ""), INTERRUPTED)
        cause = about.get("cause")
        return {"state": state, "reason": plain(cause, LONGEST_TEXT) if cause else None}

    def _observations(self, execution: str) -> Iterator[dict[str, Any]]:
        """The newest first."""
        answer = self._client.get_execution_history(
            executionArn=execution, reverseOrder=True, maxResults=MOST_EVENTS
        )
        for event in answer["events"]:
            exited = event.get("stateExitedEventDetails") or {}
            if exited.get("name") != OBSERVE:
                continue
            try:
                seen = msgspec.json.decode(exited.get("output") or "", type=Observation)
            except msgspec.DecodeError:
                continue  # of a machine from before, or after: it says something else
            texts = {name: plain(getattr(seen, name), LONGEST_TEXT) for name in TEXTS}
            told = {**msgspec.to_builtins(seen), **texts}
            yield {**told, "at": clock.format_time(event["timestamp"])}
