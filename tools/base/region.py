"""Says in which region one works: what was said, then AWS_REGION, then cdk.json.

`python -m tools.base.region --region=…` prints it for commands that cannot ask.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

_SETTINGS = Path(__file__).resolve().parents[2] / "cdk.json"
VARIABLE = "AWS_REGION"


class RegionUnclear(Exception):
    """Two places name a region, and nobody said which counts."""


@dataclass(frozen=True, slots=True)
class Region:
    """``name`` such as ``eu-west-1``; ``source`` is who says so."""

    name: str
    source: str

    def __str__(self) -> str:
        return f"{self.name} (by {self.source})"


def chosen(said: str | None = None) -> Region:
    """The region to work in: ``said`` on the command line, else AWS_REGION's, else cdk.json's."""
    if said:
        return Region(said, "the command line")
    if named := os.environ.get(VARIABLE):
        return Region(named, VARIABLE)
    return Region(default(), "cdk.json")


def default() -> str:
    """The region that cdk.json names."""
    name: str = json.loads(_SETTINGS.read_text("utf-8"))["context"]["region"]
    return name


def of_archive() -> str:
    """The region that cdk.json names for the archive's copy."""
    name: str = json.loads(_SETTINGS.read_text("utf-8"))["context"]["archive_region"]
    return name


def of_context(region: str) -> str:
    """The region of the CDK's context, which is what ``-c region=`` says, or else cdk.json's.

    The app cannot see which of the two it was. So it refuses where the answer matters.

    Raises:
        RegionUnclear: AWS_REGION names another one than cdk.json, and the context is cdk.json's.
    """
    named = os.environ.get(VARIABLE) or region
    if region == default() != named:
        raise RegionUnclear(
            f"the context says {region}, as cdk.json does, and {VARIABLE} says {named}. To work in "
            f"{named}: -c region={named}. To work in {region}: set {VARIABLE}={region}, or unset it"
        )
    return region


def main(arguments: list[str] | None = None) -> int:
    """Print the region's name; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.base.region", description=__doc__)
    parser.add_argument("--region", help=f"such as {default()}; without it, see above")
    sys.stdout.write(chosen(parser.parse_args(arguments).region).name + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
