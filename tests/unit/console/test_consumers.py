"""A consumer's lag is told by the newest record of the log, also when all consumers stand still."""

from __future__ import annotations

from typing import Any

import pytest

from console.adapters import owners_answers
from console.ports import Unanswered
from tests.unit.console.test_timeline import CARDS, Answers

LOOKED = "2026-12-01T12:00:09.500Z"
SHARD, OTHER = "shardId-000000000000", "shardId-000000000001"


def position(sequence: str, arrived_at: str | None, shard: str = SHARD) -> dict[str, Any]:
    applied = {"applied_at": "2026-12-01T12:00:09.000Z"}
    return {"shard": shard, "sequence": sequence, "arrived_at": arrived_at, **applied}


def reads(*positions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"positions": list(positions), "parked": 0, "parked_capped": False, **more}


def newest(sequence: str, arrived_at: str | None, shard: str = SHARD) -> dict[str, Any]:
    return {
        "newest": {shard: {"sequence": sequence, "arrived_at": arrived_at, "looked_at": LOOKED}}
    }


def of(log: Any, publisher: Any, view: Any) -> tuple[Any, Any]:
    answers = Answers(p=publisher, view=view, log=log)
    first, second = owners_answers.consumers(answers, CARDS, "log")
    return first, second


AHEAD = position("1000", "2026-12-01T12:00:08.000Z")
BEHIND = position("999", "2026-12-01T12:00:03.500Z")


def test_when_all_stand_still_the_log_says_how_far_they_are_behind() -> None:
    log = newest("1007", "2026-12-01T12:00:30.000Z")
    publisher, view = of(log, reads(AHEAD), reads(AHEAD))
    assert (publisher["lag_seconds"], view["lag_seconds"]) == (22, 22)
    assert (publisher["log_looked_at"], view["log_looked_at"]) == (LOOKED, LOOKED)


def test_who_has_read_the_newest_record_is_not_behind() -> None:
    publisher, view = of(newest("1000", None), reads(AHEAD), reads(BEHIND, parked=3))
    assert (publisher["lag_seconds"], view["lag_seconds"]) == (0, 4.5)
    assert (publisher["name"], publisher["service"], view["view"]) == (
        *("bus-publisher", "orders"),
        True,
    )
    [checkpoint] = view["checkpoints"]
    assert checkpoint == {
        "shard": SHARD, "sequence": "999", "at": "2026-12-01T12:00:09.000Z", "lag_seconds": 4.5,
    }  # fmt: skip
    assert view["parked"] == 3


def test_a_look_that_is_older_than_what_a_consumer_has_read_says_nothing_new() -> None:
    publisher, _ = of(newest("998", "2026-12-01T12:00:20.000Z"), reads(AHEAD), reads(BEHIND))
    assert publisher["lag_seconds"] == 0


@pytest.mark.parametrize("log", [Unanswered("gone"), {"newest": {}}, {}])
def test_while_the_log_is_not_told_consumers_are_compared_with_each_other(log: Any) -> None:
    publisher, view = of(log, reads(AHEAD), reads(BEHIND))
    assert (publisher["lag_seconds"], view["lag_seconds"]) == (0, 4.5)
    assert (publisher["log_looked_at"], view["log_looked_at"]) == (None, None)


def test_a_shard_that_was_not_looked_at_is_not_claimed_to_be() -> None:
    elsewhere = position("5", "2026-12-01T12:00:01.000Z", OTHER)
    publisher, _ = of(newest("1000", None), reads(AHEAD, elsewhere), reads(AHEAD))
    assert publisher["log_looked_at"] is None


def test_the_log_is_asked_for_what_is_newer_than_the_furthest_consumer_by_number() -> None:
    answers = Answers(p=reads(AHEAD), view=reads(BEHIND), log=newest("1000", None))
    owners_answers.consumers(answers, CARDS, "log")
    assert answers.asked["log"] == {"newer_than": {SHARD: "1000"}}


def test_a_silent_consumer_says_why_and_claims_no_lag() -> None:
    publisher, view = of(newest("1", None), Unanswered("gone"), reads())
    assert (publisher["problem"], publisher["lag_seconds"]) == ("gone", None)
    assert (view["problem"], view["lag_seconds"], view["checkpoints"]) == (None, None, [])
