"""Unit tests talk to nobody: a test that opens a socket fails."""

import pytest


@pytest.fixture(autouse=True)
def no_network(socket_disabled: None) -> None:
    """Blocks sockets, so that a unit test cannot depend on a network without saying so."""
