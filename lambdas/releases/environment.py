"""The environment of the function that leads releases."""

import msgspec


class ReleasesEnvironment(msgspec.Struct, frozen=True):
    """Where services say where their versions run, and which machine leads releases."""

    services_path: str
    """The path of services' parameters. ``{path}/releases/{service}`` tells of an Envoy here."""
    machine_arn: str
    """The state machine that calls."""


class ShownReleasesEnvironment(ReleasesEnvironment, frozen=True):
    """What releases are shown with."""

    released: str
    """Services in containers that are released so, with commas."""
