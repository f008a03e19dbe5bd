"""Event store, log and archive compared, and repaired if the operator says so."""

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from operations.target import Target

PLACES = ("store", "log", "archive")


def reconcile(
    target: Target, console: Console, *, confirm: bool, settle_seconds: int, verbose: bool
) -> bool:
    """Show what each place holds and what is missing where; False if something is and stays so."""
    answer = target.call(
        "reconciliation",
        "reconcile-arn",
        {"dry_run": not confirm, "settle_seconds": settle_seconds},
    )
    _show_hours(answer["hours"], console, verbose=verbose)
    missing = answer["missing"]
    for place in PLACES:
        _show_missing(place, missing[place], console)
    if answer["unreadable"]:
        console.print(f"{answer['unreadable']} records of log and archive cannot be read")
    if not any(missing[place]["count"] for place in PLACES):
        console.print("event store, log and archive hold the same", style="green")
        return True
    if confirm:
        console.print(
            f"published again: {answer['republished']}, "
            f"added to the archive: {answer['back_filled']}"
        )
        return not missing["store"]["count"]
    console.print("nothing was changed; CONFIRM=yes repairs it", style="bold")
    return False


def _show_hours(hours: list[dict[str, Any]], console: Console, *, verbose: bool) -> None:
    shown = hours if verbose else [hour for hour in hours if not hour["complete"]]
    total = {place: sum(hour[place]["events"] for hour in hours) for place in PLACES}
    table = Table("hour (UTC)", *PLACES, "", box=None)
    for hour in shown:
        table.add_row(
            hour["hour"],
            *(f"{hour[place]['events']:>7,} {hour[place]['hash']}" for place in PLACES),
            "" if hour["complete"] else Text("differs", style="red"),
        )
    table.add_row(f"{len(hours)} hours", *(f"{total[place]:>7,}" for place in PLACES), "")
    console.print(table)


def _show_missing(place: str, missing: dict[str, Any], console: Console) -> None:
    if not missing["count"]:
        return
    console.print(f"missing in the {place}: {missing['count']}", style="bold red")
    for name in missing["names"]:
        what = "fact" if name["version"] is None else f"version {name['version']:>3} of order"
        console.print(f"  {name['occurred_at']}  {what} {name['id']}")
    if len(missing["names"]) < missing["count"]:
        console.print(f"  and {missing['count'] - len(missing['names'])} more")
