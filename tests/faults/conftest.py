"""The shop with a courier at work, for the tests that cause faults in a saga."""

from collections.abc import Iterator

import pytest

from tests.faults.courier import Courier
from tests.faults.shop import IMPATIENT_SECONDS, PATIENT_SECONDS, Shop, deadline
from tests.integration.offline import Deployment


@pytest.fixture
def shop(deployment: Deployment) -> Iterator[Shop]:
    """The deployed shop; a courier carries its messages."""
    with deadline(deployment, PATIENT_SECONDS), Courier(deployment) as courier:
        yield Shop(deployment, courier)


@pytest.fixture
def impatient_shop(deployment: Deployment) -> Iterator[Shop]:
    """The same shop; its sagas do not wait long for an answer."""
    with deadline(deployment, IMPATIENT_SECONDS), Courier(deployment) as courier:
        yield Shop(deployment, courier)
