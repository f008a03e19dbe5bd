"""Unit tests talk to nobody: a test that opens a socket fails."""

import pytest
from hypothesis import settings

# A busy machine is no fault of the code: no example is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def no_network(socket_disabled: None) -> None:
    """Blocks sockets, so that a unit test cannot depend on a network without saying so."""
