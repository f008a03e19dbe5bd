"""Logs and metrics: one JSON line each, in the form that CloudWatch reads."""

import builtins
import json
from typing import Any

import pytest

from contracts.product import PRODUCT_TITLE
from shared.runtime import log


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    (line,) = capsys.readouterr().out.splitlines()
    parsed: dict[str, Any] = json.loads(line)
    return parsed


@pytest.mark.parametrize("level", ["info", "warning", "error"])
def test_a_line_says_when_how_bad_and_what(level: str, capsys: pytest.CaptureFixture[str]) -> None:
    getattr(log, level)("order placed", order_id="o-1", count=2)
    line = printed(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": level.upper(),
        "message": "order placed",
        "order_id": "o-1",
        "count": 2,
    }


def test_what_json_does_not_know_is_written_all_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.error("odd", what=ValueError("x"), line="two\nlines")
    assert printed(capsys)["what"] == "ValueError('x')"


def test_a_metric_is_found_by_its_service(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE", "orders")
    monkeypatch.setenv("METRIC_NAMESPACE", f"{PRODUCT_TITLE}/test")
    log.metric("EventsPublished", 3, type="OrderPlaced")
    line = printed(capsys)
    (definition,) = line["_aws"]["CloudWatchMetrics"]
    assert definition["Namespace"] == f"{PRODUCT_TITLE}/test"
    assert definition["Metrics"] == [{"Name": "EventsPublished", "Unit": "Count"}]
    for dimension in definition["Dimensions"][0]:
        assert line[dimension]
    assert (line["EventsPublished"], line["service"], line["type"]) == (3, "orders", "OrderPlaced")
    assert line["_aws"]["Timestamp"] > 1_700_000_000_000


def test_several_counts_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    log.counts({"RecordsProjected": 3, "ViewWrites": 0})
    line = printed(capsys)
    (definition,) = line["_aws"]["CloudWatchMetrics"]
    assert [it["Name"] for it in definition["Metrics"]] == ["RecordsProjected", "ViewWrites"]
    assert (line["RecordsProjected"], line["ViewWrites"]) == (3, 0)


def test_a_metric_has_the_time_in_milliseconds_at_which_it_was_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.runtime.log.time.time", lambda: 1_796_115_600.25)
    log.metric("EventsPublished", 1)
    assert printed(capsys)["_aws"]["Timestamp"] == 1_796_115_600_250


def test_a_line_is_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that is killed has written what it did until then."""
    options: list[Any] = []
    monkeypatch.setattr(builtins, "print", lambda *_, **given: options.append(given))
    log.info("order placed")
    assert options == [{"flush": True}]


@pytest.mark.parametrize(
    "text", ["\x1b[2J\x9b31m\x7f", "‮gpj", "a b", "\ud800", "[/x]", "ünï \U0001f69a"], ids=ascii
)
def test_a_line_never_acts_on_the_terminal_of_who_reads_it(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log.error("odd", what=text)
    line = capsys.readouterr().out
    assert line.removesuffix("\n").isprintable()
    assert json.loads(line)["what"] == (text if text != "\ud800" else "\\ud800")


def test_what_cannot_be_written_does_not_break_what_is_logged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    deep: Any = []
    for _ in range(10_000):
        deep = [deep]
    log.error("deep", what=deep, order_id="o-1")
    line = printed(capsys)
    assert (line["order_id"], line["what"]) == ("o-1", "list")
