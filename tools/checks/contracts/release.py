"""`make release-contracts`: keeps today's schemas and APIs, GraphQL too, as released, if it may."""

import argparse
import shutil
import sys
from pathlib import Path

from contracts.schemas import (
    APIS,
    CURRENT,
    GRAPHS,
    RELEASED,
    RELEASED_APIS,
    RELEASED_GRAPHS,
    documents_in,
    graphs_in,
    schemas_in,
)
from tools.checks.contracts.api_compatibility import breaking_api_changes
from tools.checks.contracts.compatibility import breaking_changes
from tools.checks.contracts.graph_compatibility import breaking_graphs


def release(current: Path = CURRENT, released: Path = RELEASED) -> list[str]:
    """Copy the schemas, unless that would break somebody; returns the breaking changes."""
    changes = breaking_changes(schemas_in(released), schemas_in(current))
    return changes or _copy(current, released, "*.schema.json")


def release_apis(current: Path = APIS, released: Path = RELEASED_APIS) -> list[str]:
    """Copy the APIs' documents, unless that would break a caller; returns the breaking changes."""
    changes = breaking_api_changes(documents_in(released), documents_in(current))
    return changes or _copy(current, released, "*.json")


def release_graphs(current: Path = GRAPHS, released: Path = RELEASED_GRAPHS) -> list[str]:
    """Copy the GraphQL schemas, unless that would break somebody; returns the breaking changes."""
    changes = breaking_graphs(graphs_in(released), graphs_in(current))
    return changes or _copy(current, released, "*.graphql")


def _copy(current: Path, released: Path, pattern: str) -> list[str]:
    released.mkdir(exist_ok=True)
    for path in current.glob(pattern):
        shutil.copyfile(path, released / path.name)
    return []


def main() -> int:
    """0, or 1 with one line for each breaking change."""
    argparse.ArgumentParser(
        prog="python -m tools.checks.contracts.release", description=__doc__
    ).parse_args()
    changes = [*release(), *release_apis(), *release_graphs()]
    for change in changes:
        sys.stderr.write(f"{change}\n")
    if changes:
        sys.stderr.write("Not released: give each changed schema or route a new version.\n")
        return 1
    found = [schemas_in(RELEASED), documents_in(RELEASED_APIS), graphs_in(RELEASED_GRAPHS)]
    said = "{} event schemas, {} APIs and {} GraphQL schema are released.\n"
    sys.stdout.write(said.format(*map(len, found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
