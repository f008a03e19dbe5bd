"""`python -m benchmarks.record`: puts the figures of the last run into docs/benchmarks.md."""

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.__main__ import KEPT
from benchmarks.peers import ROOT
from benchmarks.report import figure

PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN = "<!-- figures: written by `python -m benchmarks.record` -->\n"
END = "<!-- end of figures -->\n"


def record(kept: dict[str, Any], page: Path) -> None:
    """Replace what stands between the two marks.

    Raises:
        ValueError: the page has lost a mark.
    """
    text = page.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name} has no place for figures: it needs both marks")
    page.write_text(f"{before}{BEGIN}\n{markdown(kept)}\n{END}{after}")


def markdown(kept: dict[str, Any]) -> str:
    """A line on the run, and a row for each result."""
    machine = kept["machine"]
    loads = " ".join(f"{load:.1f}" for load in machine["load_average"])
    rows = [_row(name, result) for name, results in kept["results"].items() for result in results]
    return "\n".join(
        [
            f"`{kept['command']}`, {kept['measured_at']}, on {machine['system']} with "
            f"{machine['processors']} processors, Python {machine['python']}; "
            f"load average at the end of the run {loads}.",
            "",
            "| benchmark | claim | measured | least to most | target | aim | |",
            "| --- | --- | ---: | ---: | ---: | ---: | --- |",
            *rows,
            "",
        ]
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
    cells = [name, result["claim"], measured, extremes, *bounds, verdict]
    return f"| {' | '.join(cells)} |"


def _sides(details: dict[str, Any]) -> str:
    if "peer" not in details:
        return ""
    return f" ({figure(details['ours'])} : {figure(details['peer'])} {details['both_in']})"


if __name__ == "__main__":
    if not KEPT.exists():
        sys.exit("nothing is measured yet: run `make bench` first")
    record(json.loads(KEPT.read_text()), PAGE)
