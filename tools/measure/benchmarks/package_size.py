"""Package size: the largest service's zip, as it is uploaded to the cloud."""

from bundling.build import build
from bundling.workspace import Workspace
from tools.measure.benchmarks.claims import Result, absolute, at_most

MEGABYTE = 1_000_000


def measure(*, quick: bool) -> list[Result]:  # noqa: ARG001 - there is nothing to shorten
    """The largest zip in megabytes (10^6 bytes); the details have each."""
    outcome = build("cloud", [])
    services = sorted([*(package.service for package in outcome.built), *outcome.unchanged])
    sizes = {name: Workspace().zip_of(name, "cloud").stat().st_size for name in services}
    return [
        absolute(
            "the largest service's package, zipped",
            [max(sizes.values()) / MEGABYTE],
            "MB",
            at_most(2.0),
            bytes_by_service=sizes,
        )
    ]
