"""Shows the results as a table, and keeps them as JSON with the machine and the time."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tools.measure.benchmarks.claims import Limit, Result


def show(results: dict[str, list[Result]], console: Console) -> None:
    """A row for each result: claim, measured, at the nominal pace, target, aim, verdict."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("claim")
    for heading in ("measured", "at nominal pace", "least to most", "target", "aim", ""):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for rows in results.values():
        for row in rows:
            table.add_row(
                row.claim,
                figure(row.value, row.unit),
                paced(row.value, row.at_nominal_pace, row.unit),
                f"{figure(row.spread[0])} to {figure(row.spread[1])}" if row.spread else "",
                _limit(row.limit, row.limit.target) if row.limit else "",
                _limit(row.limit, row.limit.aim) if row.limit else "",
                verdict(row),
            )
    console.print(table)


def keep(results: dict[str, list[Result]], command: str, file: Path) -> dict[str, Any]:
    """Write the results down and return what was written."""
    document = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "machine": machine(),
        "results": {name: [row.document() for row in rows] for name, rows in results.items()},
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document, indent=2) + "\n")
    return document


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
    }


def figure(value: float, unit: str = "") -> str:
    """Three significant digits, and the unit."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    digits = 3 if abs(value) < 1 else digits
    return f"{value:,.{digits}f} {unit}".strip()


def paced(value: float, at_nominal_pace: float, unit: str) -> str:
    """What a figure would be at the nominal pace; nothing if its target depends on no pace."""
    return "" if value == at_nominal_pace else figure(at_nominal_pace, unit)


def verdict(row: Result) -> str:
    """``ok``, ``ok, below the aim``, ``MISSED``, or nothing for a row that only informs."""
    if row.limit is None:
        return ""
    if not row.holds:
        return "[red]MISSED[/red]"
    return "[yellow]ok, not the aim[/yellow]" if row.reaches_aim is False else "[green]ok[/green]"


def _limit(limit: Limit, value: float | None) -> str:
    sign = "≤" if limit.kind == "at most" else "≥"
    return "" if value is None else f"{sign} {value:g}"
