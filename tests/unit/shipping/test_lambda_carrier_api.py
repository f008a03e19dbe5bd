"""How shipping asks a carrier, and when it does not begin to."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from shipping.adapters.lambda_carrier_api import (
    SECONDS_FOR_THE_REST,
    TRY_SECONDS,
    LambdaCarrierApi,
)
from shipping.ports import CarrierUnavailable
from tests.support.contracts.shipping_tables_contract import PARCEL

BATCH = 20.0
"""Seconds that a batch may take."""


class Carrier:
    """A carrier's function whose answers take time; ``answers`` are those it gives, None is none.

    The last one stays.
    """

    def __init__(self, *answers: Any, seconds: float = 0) -> None:
        self.asked = 0
        self.left = BATCH
        self._answers = list(answers)
        self._seconds = seconds

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert FunctionName == "arn:tern"
        self.asked += 1
        self.left -= self._seconds
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if answer is None:
            raise ReadTimeoutError(endpoint_url="lambda")
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}

    def api(self) -> LambdaCarrierApi:
        return LambdaCarrierApi(self, {"tern": "arn:tern"}, lambda: self.left)


BOOKED = {"outcome": "booked", "tracking_number": "T-1"}


def test_a_carrier_that_did_not_answer_is_asked_once_more() -> None:
    carrier = Carrier(None, BOOKED, seconds=TRY_SECONDS)
    assert carrier.api().book("tern", "s-1", "q-1", PARCEL) == "T-1"
    assert carrier.asked == 2


def test_a_batch_ends_in_time_however_many_commands_meet_a_silent_carrier() -> None:
    carrier = Carrier(None, seconds=TRY_SECONDS)
    api = carrier.api()
    for number in range(10):
        with pytest.raises(CarrierUnavailable):
            api.book("tern", f"s-{number}", "q-1", PARCEL)
        with pytest.raises(CarrierUnavailable):
            api.cancel("tern", f"s-{number}")
    assert carrier.left >= SECONDS_FOR_THE_REST
    assert carrier.asked == 2


def test_a_try_begins_while_it_fits_and_not_a_moment_later() -> None:
    carrier = Carrier(BOOKED)
    carrier.left = TRY_SECONDS + SECONDS_FOR_THE_REST
    assert carrier.api().book("tern", "s-1", "q-1", PARCEL) == "T-1"
    carrier.left -= 0.001
    with pytest.raises(CarrierUnavailable, match="no time is left"):
        carrier.api().book("tern", "s-1", "q-1", PARCEL)
    assert carrier.asked == 1
