"""A version is judged by what its server says of its calls."""

from __future__ import annotations

import json

import pytest

from pricing_server.handlers.tally import Tally


def told(capsys: pytest.CaptureFixture[str]) -> dict[tuple[str, str], float]:
    """By metric and release, the values that were written."""
    lines = [json.loads(it) for it in capsys.readouterr().out.splitlines()]
    found = {}
    for line in lines:
        [declared] = line["_aws"]["CloudWatchMetrics"]
        name = declared["Metrics"][0]["Name"]
        if "method" not in declared["Dimensions"][0]:
            found[name, line.get("release", "")] = line[name]
    return found


def test_a_versions_calls_and_those_that_fail_by_its_fault_are_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tally = Tally("2.0.0")
    for status, milliseconds in (("OK", 3.0), ("UNAVAILABLE", 9.0), ("INVALID_ARGUMENT", 1.0)):
        tally.count("/shop.pricing.v1.PricingService/Quote", status, milliseconds)
    tally.tell()
    assert told(capsys) == {
        ("AllCalls", ""): 3,
        ("FailedCalls", ""): 1,
        ("ReleaseCalls", "2.0.0"): 3,
        ("ReleaseFailedCalls", "2.0.0"): 1,
        ("ReleaseSlowestCall", "2.0.0"): 9.0,
    }


def test_without_a_call_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally("2.0.0")
    tally.tell()
    assert told(capsys) == {}
