"""The shop with a courier at work, for the tests that cause faults in a saga."""

from collections.abc import Iterator

import pytest

from tests.support.drivers.offline import Deployment
from tests.support.drivers.shop import Shop, deadlines
from tests.support.drivers.tracking_driver import TrackingDriver


@pytest.fixture
def shop(deployment: Deployment) -> Iterator[Shop]:
    """The deployed shop; a courier carries its messages."""
    with deadlines(deployment, {}), TrackingDriver(deployment) as courier:
        yield Shop(deployment, courier)
