"""Builds the Lambda packages from the command line: `python -m bundling`.

Everything is printed on stderr: `cdk.json` runs this before each synth, and the standard output
of `cdk synth` is the template.
"""

import argparse
import sys

from bundling.build import build
from bundling.errors import BundlingError
from bundling.workspace import TARGET_NAMES, Workspace


def main(arguments: list[str] | None = None, workspace: Workspace | None = None) -> int:
    """Build, and return the exit status: 1 if something is wrong, 130 if interrupted."""
    options = _options(arguments)
    try:
        outcome = build(options.target, options.services, workspace)
    except BundlingError as error:
        _say(f"bundling: {error}")
        return 1
    except KeyboardInterrupt:
        _say("bundling: interrupted")
        return 130
    for package in outcome.built:
        _say(f"{options.target}: built {package.service}, {package.size / 1000:,.0f} kB")
    if not outcome.built:
        _say(f"{options.target}: {', '.join(outcome.unchanged) or 'no service'} up to date")
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bundling", description="Build the packages.")
    parser.add_argument("--target", choices=TARGET_NAMES, default="cloud")
    parser.add_argument("services", nargs="*", metavar="service", help="all, if none is named")
    return parser.parse_args(arguments)


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
