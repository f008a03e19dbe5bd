"""Operators see which alarms fire and how many messages wait, of every service."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from event_log.adapters.alarms import MOST_PAGES, MOST_TOLD, EveryAlarm
from event_log.adapters.queue_depths import MOST, Queue, QueueDepths
from event_log.handlers import show_alarms

PREFIX = "shop-dev-"
SINCE = datetime(2026, 12, 1, 11, tzinfo=UTC)


def alarm(name: str, state: str = "OK", **changed: Any) -> dict[str, Any]:
    return {
        "AlarmName": f"{PREFIX}{name}",
        "AlarmDescription": "order-views: sales are late; see docs/operations.md",
        "StateValue": state,
        "StateReason": "1 datapoint [3.0] was greater than 0\x1b",
        "StateUpdatedTimestamp": SINCE,
        **changed,
    }


def watches(queue: str) -> dict[str, Any]:
    dimensions = [{"Name": "QueueName", "Value": f"{PREFIX}{queue}"}]
    return alarm("x", Namespace="AWS/SQS", Dimensions=dimensions)


class CloudWatch:
    """Tells pages of alarms, by their number."""

    def __init__(self, *pages: list[dict[str, Any]]) -> None:
        self.pages = pages
        self.asked = 0

    def describe_alarms(self, **asked: Any) -> dict[str, Any]:
        assert (asked["AlarmNamePrefix"], asked["MaxRecords"]) == (PREFIX, 100)
        page = int(asked.get("NextToken", "0"))
        assert page == self.asked
        self.asked += 1
        more = {"NextToken": str(page + 1)} if page + 1 < len(self.pages) else {}
        return {"MetricAlarms": self.pages[page], **more}


def test_what_fires_is_told_with_its_service_and_what_it_means() -> None:
    name = "order-views-ProjectOrdersLate3CCA2703-15DB74CB84D2C"
    pages = [alarm("a"), alarm(name, "ALARM")], [alarm("b", "INSUFFICIENT_DATA")]
    told = EveryAlarm(CloudWatch(*pages), PREFIX).told()
    assert told.counts == {"ok": 1, "alarm": 1, "no_data": 1}
    assert (told.capped, told.counts_capped) == (False, False)
    [fires] = told.alarms
    assert (fires.service, fires.name, fires.what) == (
        "order-views",
        "ProjectOrdersLate",
        "sales are late",
    )
    assert fires.since == "2026-12-01T11:00:00.000Z"
    assert fires.reason is not None
    assert "\x1b" not in fires.reason


def test_the_newest_come_first_and_what_is_cut_is_said() -> None:
    later = datetime(2026, 12, 1, 12, tzinfo=UTC)
    many = [alarm(f"a{it}", "ALARM") for it in range(MOST_TOLD)]
    told = EveryAlarm(
        CloudWatch([*many, alarm("new", "ALARM", StateUpdatedTimestamp=later)]), PREFIX
    ).told()
    assert (len(told.alarms), told.capped, told.counts_capped) == (MOST_TOLD, True, False)
    assert told.alarms[0].since == "2026-12-01T12:00:00.000Z"
    cloudwatch = CloudWatch(*[[alarm("a")]] * (MOST_PAGES + 1))
    told = EveryAlarm(cloudwatch, PREFIX).told()
    assert (cloudwatch.asked, told.counts_capped) == (MOST_PAGES, True)


def test_an_alarm_that_is_none_of_ours_is_told_as_it_is_called() -> None:
    by_hand = alarm("mine", "ALARM", AlarmDescription=None, StateReason="")
    [told] = EveryAlarm(CloudWatch([by_hand]), PREFIX).told().alarms
    assert (told.service, told.what, told.reason) == ("mine", "it has no description", None)


class Sqs:
    """Counts by name; one that is not there fails."""

    def __init__(self, **counts: tuple[int, int, int]) -> None:
        self.counts = {f"{PREFIX}{name.replace('__', '-')}": it for name, it in counts.items()}
        self.urls = 0

    def get_queue_url(self, QueueName: str) -> dict[str, str]:  # noqa: N803
        self.urls += 1
        return {"QueueUrl": f"url {QueueName}"}

    def get_queue_attributes(
        self,
        QueueUrl: str,  # noqa: N803
        AttributeNames: list[str],  # noqa: N803
    ) -> dict[str, Any]:
        counts = self.counts[QueueUrl.removeprefix("url ")]
        return {"Attributes": dict(zip(AttributeNames, map(str, counts), strict=True))}


COMMANDS = "payments-CommandsQueue0794B589-92A3355AB02BE"
LETTERS = "payments-CommandsDeadLetters3CCA2703-15DB74CB84D2C"
APART = "event-log-BusDeadLettersFB26BCF9-31F7127A02A46"


def test_a_queue_is_told_with_its_dead_letters() -> None:
    sqs = Sqs(**{COMMANDS.replace("-", "__"): (3, 2, 1), LETTERS.replace("-", "__"): (4, 1, 0)})
    depths = QueueDepths(sqs, PREFIX)
    names = [f"{PREFIX}{it}" for it in (LETTERS, COMMANDS, LETTERS)]
    for _ in range(2):
        assert depths.told(names) == ([Queue("Commands", "payments", 3, 2, 1, 5, None)], False)
    assert sqs.urls == 2, "an address is looked up once"


def test_dead_letters_of_no_queue_and_a_queue_that_fails_are_told_too() -> None:
    depths = QueueDepths(Sqs(**{APART.replace("-", "__"): (1, 0, 0)}), PREFIX)
    told, _ = depths.told([f"{PREFIX}{APART}", f"{PREFIX}{COMMANDS}", "not ours"])
    assert told == [
        Queue("Bus", "event-log", None, None, None, 1, None),
        Queue("Commands", "payments", None, None, None, None, "KeyError"),
    ]


def test_no_more_queues_are_asked_than_a_hundred() -> None:
    names = [f"{PREFIX}sales-Q{it:03}Queue0794B589-92A3355AB02BE" for it in range(MOST + 1)]
    told, more = QueueDepths(Sqs(), PREFIX).told(names)
    assert (len(told), more) == (MOST, True)


def test_the_handler_tells_alarms_or_queues(monkeypatch: pytest.MonkeyPatch) -> None:
    every = EveryAlarm(CloudWatch([watches(COMMANDS)]), PREFIX)
    monkeypatch.setattr(show_alarms, "_alarms", lambda: every)
    told = show_alarms.handler({}, None)
    assert (told["alarms"], told["counts"]["ok"]) == ([], 1)
    again = EveryAlarm(CloudWatch([watches(COMMANDS)]), PREFIX)
    monkeypatch.setattr(show_alarms, "_alarms", lambda: again)
    depths = QueueDepths(Sqs(**{COMMANDS.replace("-", "__"): (3, 2, 1)}), PREFIX)
    monkeypatch.setattr(show_alarms, "_queues", lambda: depths)
    assert [it["waiting"] for it in show_alarms.handler({"queues": True}, None)["queues"]] == [3]
    with pytest.raises(msgspec.ValidationError):
        show_alarms.handler({"queues": "yes"}, None)
