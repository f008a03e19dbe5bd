"""Integration events that the log lacks are published again; orders' events never are."""

import msgspec
import pytest

from event_log.handlers import intake
from orders_language.messages import partition_key
from shared.messaging.envelope import encode
from shared.messaging.kinesis_log import KinesisLog
from tests.support.examples.log_of_orders import ORDERS, event
from tests.support.fakes.fake_kinesis import FakeKinesis

INTEGRATION_EVENT = msgspec.structs.replace(
    event(ORDERS[0], 1, "StockReserved"),
    event_id="00000000-0000-4000-8000-0000000000f1",
    aggregate_type="inventory",
    version=None,
)


@pytest.fixture
def kinesis(monkeypatch: pytest.MonkeyPatch) -> FakeKinesis:
    fake = FakeKinesis()
    monkeypatch.setattr(intake, "_log", lambda: KinesisLog(fake, "arn:stream", partition_key))
    return fake


def test_an_integration_event_is_put_on_the_log_again(kinesis: FakeKinesis) -> None:
    answer = intake.handler({"republish": [encode(INTEGRATION_EVENT).decode()]}, None)
    assert answer == {"republished": 1}
    assert kinesis.acknowledged == [INTEGRATION_EVENT]


def test_an_orders_event_cannot_come_this_way_and_holds_no_integration_event_back(
    kinesis: FakeKinesis, capsys: pytest.CaptureFixture[str]
) -> None:
    placed = event(ORDERS[0], 1, "OrderPlaced")
    asked = [encode(placed).decode(), encode(INTEGRATION_EVENT).decode()]
    assert intake.handler({"republish": asked}, None) == {"republished": 1}
    assert kinesis.acknowledged == [INTEGRATION_EVENT]
    assert "only orders' relay" in capsys.readouterr().out
