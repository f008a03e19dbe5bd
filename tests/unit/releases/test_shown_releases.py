"""Operators see how releases stand: the share, both versions' figures and the verdict, no input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from releases.adapters.places import places_of, runs_on
from releases.adapters.shown_releases import MOST, MOST_EVENTS, ShownReleases
from releases.handlers import show_releases

BEGAN = datetime(2026, 12, 1, 9, tzinfo=UTC)
SEEN = {
    "next": "wait",
    "reason": "too-few-calls",
    "phase": "canary",
    "weight": 10,
    "seconds": 5.2,
    "old": {"calls": 900, "failed": 0, "slow_ms": 11.5},
    "new": {"calls": 100, "failed": 50, "slow_ms": None},
}


def seen(**changed: Any) -> str:
    return json.dumps({**SEEN, **changed})


class StepFunctions:
    """Executions of the machine, the newest first, and the newest one's observations."""

    def __init__(self, *executions: tuple[str, str], observed: tuple[str, ...] = ()) -> None:
        self.executions = executions
        self.observed = observed
        self.causes: dict[str, Mapping[str, str]] = {}
        self.more = False

    def list_executions(self, **request: Any) -> Any:
        assert request == {"stateMachineArn": "machine", "maxResults": MOST}
        ended = BEGAN + timedelta(minutes=1)
        listed = [
            {
                "executionArn": name,
                "name": name,
                "status": status,
                "startDate": BEGAN,
                **({} if status == "RUNNING" else {"stopDate": ended}),
            }
            for name, status in self.executions
        ]
        return {"executions": listed, **({"nextToken": "more"} if self.more else {})}

    def describe_execution(self, *, executionArn: str) -> Any:  # noqa: N803
        return {"input": "secret", **self.causes.get(executionArn, {})}

    def get_execution_history(self, **request: Any) -> Any:
        assert request == {
            "executionArn": self.executions[0][0],
            "reverseOrder": True,
            "maxResults": MOST_EVENTS,
        }
        others = [{"timestamp": BEGAN, "stateExitedEventDetails": {"name": "Wait", "output": "{}"}}]
        observed = [
            {"timestamp": BEGAN, "stateExitedEventDetails": {"name": "Observe", "output": it}}
            for it in self.observed
        ]
        return {"events": [{"timestamp": BEGAN, "type": "ExecutionStarted"}, *others, *observed]}


def told(known: StepFunctions) -> dict[str, Any]:
    found = ShownReleases(known, "machine").told()
    assert "secret" not in json.dumps(found)
    return found


def test_a_release_under_way_is_told_with_the_last_look_at_both_versions() -> None:
    known = StepFunctions(("pricing.v2.1.0a1b2c3d", "RUNNING"), observed=(seen(), seen(weight=0)))
    found = told(known)
    assert found["releases"] == [
        {
            "service": "pricing",
            "version": "v2.1",
            "began_at": "2026-12-01T09:00:00.000Z",
            "ended_at": None,
            "state": "running",
            "reason": None,
        }
    ]
    assert found["seen"] == found["judged"] == {**SEEN, "at": "2026-12-01T09:00:00.000Z"}
    assert not found["capped"]


def test_the_figures_are_those_of_the_time_when_both_versions_got_calls() -> None:
    settling = seen(phase="settling", weight=100, reason="settling")
    found = told(StepFunctions(("pricing.v2.x", "SUCCEEDED"), observed=(settling, seen())))
    assert (found["seen"]["weight"], found["judged"]["weight"]) == (100, 10)


@pytest.mark.parametrize(
    ("status", "about", "state"),
    [
        ("SUCCEEDED", {}, "promoted"),
        ("FAILED", {"error": "RolledBack", "cause": "calls-fail"}, "rolled back"),
        ("FAILED", {"error": "NotRolledBack", "cause": "?"}, "not rolled back"),
        ("FAILED", {"error": "Refused", "cause": "The release was not begun"}, "refused"),
        ("FAILED", {"error": "States.Runtime"}, "interrupted"),
        ("TIMED_OUT", {}, "interrupted"),
        ("ABORTED", {}, "interrupted"),
    ],
)
def test_an_end_is_told_with_its_reason(status: str, about: dict[str, str], state: str) -> None:
    known = StepFunctions(("pricing.v2.x", status))
    known.causes["pricing.v2.x"] = about
    (release,) = told(known)["releases"]
    assert (release["state"], release["reason"]) == (state, about.get("cause"))


def test_where_nothing_was_released_there_is_nothing() -> None:
    found = told(StepFunctions())
    assert found == {"releases": [], "seen": None, "judged": None, "capped": False}


def test_a_list_that_is_cut_says_so() -> None:
    known = StepFunctions(("pricing.v2.x", "SUCCEEDED"))
    known.more = True
    assert told(known)["capped"]


@pytest.mark.parametrize(
    "output",
    ["", "null", "[", "{}", seen(weight="10"), seen(old=None), seen(reason="x" * 2001), None],
)
def test_what_is_no_observation_is_passed_by(output: Any) -> None:
    known = StepFunctions(("pricing.v2.x", "RUNNING"), observed=(output, seen()))
    assert told(known)["seen"]["reason"] == "too-few-calls"


def test_texts_from_outside_are_bounded_and_plain() -> None:
    evil = "\x1b[31m<img>\u202e" + "x" * 1900
    known = StepFunctions(
        (f"pricing.{evil}.x", "FAILED"), observed=(seen(reason=evil, extra="secret"),)
    )
    known.causes[known.executions[0][0]] = {"error": "RolledBack", "cause": evil}
    found = told(known)
    (release,) = found["releases"]
    for text in (release["version"], release["reason"], found["seen"]["reason"]):
        assert text.isprintable()
        assert len(text) <= 200


class Parameters:
    def __init__(self, *known: str) -> None:
        self.known = known

    def get_parameters(self, *, Names: list[str]) -> Any:  # noqa: N803
        return {"Parameters": [{"Name": it, "Value": "x"} for it in Names if it in self.known]}


ON_ECS = tuple(f"/p/dev/pricing/{it}-name" for it in ("cluster", "tasks", "stack", "metrics"))


@pytest.mark.parametrize(
    ("known", "place"),
    [
        ((), None),
        (ON_ECS[:3], None),
        (ON_ECS, "ecs"),
        (("/p/dev/releases/pricing",), "envoy"),
        ((*ON_ECS, "/p/dev/releases/pricing"), "envoy"),
    ],
)
def test_where_a_service_runs_is_what_it_publishes(known: tuple[str, ...], place: Any) -> None:
    assert runs_on(places_of(Parameters(*known), "/p/dev", "pricing")) == place


def test_a_request_for_something_in_particular_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        show_releases.handler({"service": "pricing"}, None)
