"""Puts the figures of the last run into docs/benchmarks.md."""

import json
import re
import sys
from pathlib import Path
from typing import Any

from tools.measure.benchmarks.__main__ import BENCHMARKS, RESULTS
from tools.measure.benchmarks.report import figure, paced
from tools.measure.peers import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN = "<!-- figures: written by `python -m tools.measure.benchmarks.record` -->\n"
END = "<!-- end of figures -->\n"


RUN = re.compile(r"^\d+\. (?P<run>.+)$", re.MULTILINE)
ROW = re.compile(r"^\| (?P<name>\w+) \| .+ \| (?P<run>\d+) \|$", re.MULTILINE)
HEADING = (
    "| benchmark | claim | measured | at nominal pace | least to most | target | aim | | run |"
)


def record(kept: dict[str, Any], page: Path) -> None:
    """Replace the rows of the benchmarks that were run; those of earlier runs stay, with their run.

    Raises:
        ValueError: the page has lost a mark.
    """
    text = page.read_text()
    before, begin, rest = text.partition(BEGIN)
    shown, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name} has no place for figures: it needs both marks")
    page.write_text(f"{before}{BEGIN}\n{_merged(shown, kept)}\n{END}{after}")


def _merged(shown: str, kept: dict[str, Any]) -> str:
    runs = [match["run"] for match in RUN.finditer(shown)]
    rows: dict[str, list[tuple[str, str]]] = {}
    for match in ROW.finditer(shown):
        row = match[0].rpartition(f" | {match['run']} |")[0]
        rows.setdefault(match["name"], []).append((row, runs[int(match["run"]) - 1]))
    this_run = _run(kept)
    for name, results in kept["results"].items():
        rows[name] = [(_row(name, result), this_run) for result in results]
    named = list(dict.fromkeys(run for of_one in rows.values() for _, run in of_one))
    return "\n".join(
        [
            *(f"{number}. {run}" for number, run in enumerate(named, start=1)),
            "",
            HEADING,
            "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- | ---: |",
            *(
                f"{row} | {named.index(run) + 1} |"
                for name in sorted(rows, key=_place)
                for row, run in rows[name]
            ),
            "",
        ]
    )


def _place(name: str) -> int:
    return BENCHMARKS.index(name) if name in BENCHMARKS else len(BENCHMARKS)


def _run(kept: dict[str, Any]) -> str:
    machine = kept["machine"]
    loads = " ".join(f"{load:.1f}" for load in machine["load_average"])
    return (
        f"`{kept['command']}`, {kept['measured_at']}, on {machine['system']} with "
        f"{machine['processors']} processors, Python {machine['python']}; "
        f"load average at the end of the run {loads}"
    )


def _row(name: str, result: dict[str, Any]) -> str:
    limit = result["limit"] or {"kind": "", "target": None, "aim": None}
    sign = {"at most": "≤", "at least": "≥", "": ""}[limit["kind"]]
    bounds = ["" if limit[key] is None else f"{sign} {limit[key]:g}" for key in ("target", "aim")]
    spread = result["spread"]
    verdict = "" if result["limit"] is None else "ok" if result["holds"] else "**missed**"
    if result["holds"] and result["reaches_aim"] is False:
        verdict = "ok, not the aim"
    measured = figure(result["value"], result["unit"]) + _sides(result["details"])
    extremes = f"{figure(spread[0])} to {figure(spread[1])}" if spread else ""
    at_pace = paced(result["value"], result["at_nominal_pace"], result["unit"])
    cells = [name, result["claim"], measured, at_pace, extremes, *bounds, verdict]
    return f"| {' | '.join(cells)}"


def _sides(details: dict[str, Any]) -> str:
    if "peer" not in details:
        return ""
    return f" ({figure(details['ours'])} : {figure(details['peer'])} {details['both_in']})"


if __name__ == "__main__":
    if not RESULTS.exists():
        sys.exit("nothing is measured yet: run `make bench` first")
    record(json.loads(RESULTS.read_text()), PAGE)
