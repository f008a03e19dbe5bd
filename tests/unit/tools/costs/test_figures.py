"""The console's bill is reckoned in the browser, and comes to what `make bill` says."""

from __future__ import annotations

import json
import subprocess
from itertools import product

import pytest

from bundling.workspace import ROOT, command_line_tool
from tools.measure.costs import assumptions, figures, prices, survey
from tools.measure.costs.bill import Numbers, bill
from tools.measure.costs.idle import Idle

KEPT = json.loads(figures.FILE.read_text("utf-8"))
SCRIPT = f"""
import {{ readFileSync }} from "node:fs";
import {{ bill }} from "{(ROOT / "web" / "src" / "logic" / "bill.ts").as_uri()}";
const [figures, asked] = JSON.parse(readFileSync(0, "utf-8"));
console.log(JSON.stringify(asked.map((it) => bill(it, figures))));
"""


def test_the_browser_and_the_command_come_to_the_same() -> None:
    asked = [
        {"stage": stage, "containers": True, "orders": orders, "lines": lines, "days": days}
        for stage, orders, lines, days in product(
            KEPT["idle"], (0, 1, 200_000, 10**10), (1, 2, 3, 50), (1, 30, 3653)
        )
    ]
    for numbers, there in zip(asked, in_the_browser(asked), strict=True):
        idle = Idle(KEPT["idle"][numbers["stage"]], frozenset())
        here = bill(
            idle,
            numbers["stage"],
            survey.read(),
            Numbers(numbers["orders"], numbers["lines"], numbers["days"]),
            prices.read(),
            assumptions.read(),
        )
        parts = {it["name"]: it["usd"] for it in there["parts"]}
        assert parts == pytest.approx({name: usd for name, usd in here.parts.items() if usd})
        services = {
            it["name"]: it["idle"] + it["orders"] + it["stored"] for it in there["services"]
        }
        totals = {name: sum(it.values()) for name, it in here.services.items()}
        assert services == pytest.approx({name: usd for name, usd in totals.items() if usd})
        assert {it["name"] for it in there["parts"] if it["atMost"]} <= here.at_most


def in_the_browser(asked: list[dict[str, object]]) -> list[dict[str, list[dict[str, float]]]]:
    """What the app's own code says, which Node reads as it is."""
    done = subprocess.run(
        [command_line_tool("node"), "--input-type=module", "-e", SCRIPT],
        input=json.dumps([KEPT, asked]),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, list[dict[str, float]]]] = json.loads(done.stdout)
    return found


def test_the_file_says_of_when_its_prices_and_counts_are() -> None:
    assert KEPT["prices_read_on"] == prices.read().read_on.isoformat()
    assert KEPT["counted_on"] == survey.read().counted_on.isoformat()
    unread = [name for name, it in prices.read().prices.items() if it.checked == "memory"]
    assert KEPT["not_read"] == sorted(unread)
