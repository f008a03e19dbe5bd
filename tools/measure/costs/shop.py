"""The whole system on an emulator of its own, where each call of a function is written down."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from contracts.product import PRODUCT
from tools.base.endpoint import Cloud
from tools.base.outputs import Outputs
from tools.emulator.emulator import Emulator
from tools.local import tokens
from tools.local.bring_up import bring_up
from tools.local.demo_order import DemoOrder
from tools.measure.costs.counting import CountingProxy
from tools.measure.costs.errors import MeasurementError

ORDER: dict[str, Any] = {
    "lines": [
        {"sku": "TEAPOT-IRON", "quantity": 1},
        {"sku": "TEA-SENCHA", "quantity": 2},
        {"sku": "MUG-BLUE", "quantity": 2},
    ],
    "currency": "EUR",
    "ship_to": {
        "address_id": "7b1b2cb1-9a43-5f4e-8f0a-1d1f3a0f3f11",
        "country": "DE",
        "postcode_area": "10",
    },
}
PREFETCHED = "AWS_APPCONFIG_EXTENSION_PREFETCH_LIST"
_QUIET_SECONDS = 4.0
_PATIENCE_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Function:
    """A deployed function: ``owner`` is its service, ``memory`` in MB.

    ``documents`` is how many its configuration agent keeps for it; ``told_by_lambda`` is whether
    Lambda writes its own lines of invocations that went well, and ``begins_traces`` whether it
    decides itself which of them are traced.
    """

    owner: str
    name: str
    deployed_name: str
    memory: int
    log_group: str
    documents: int
    told_by_lambda: bool = True
    begins_traces: bool = True

    @property
    def label(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass
class Shop:
    """The deployed system whose functions are watched."""

    emulator: Emulator
    outputs: Outputs
    proxy: CountingProxy
    token: str

    @property
    def cloud(self) -> Cloud:
        return self.emulator.cloud

    def place_one(self, lines: int = len(ORDER["lines"])) -> str:
        """Place an order of so many lines, wait until it is confirmed, read its view once; its id.

        Raises:
            MeasurementError: it was refused, or not confirmed in time.
        """
        demo_order = DemoOrder(self.outputs, self.cloud, self.token)
        body = {**ORDER, "lines": ORDER["lines"][:lines]}
        status, answer = demo_order.call("POST", "orders", "/v1/orders", body)
        if status != 202:
            raise MeasurementError(f"the order was not accepted: {answer}")
        order_id: str = answer["order_id"]
        _wait(lambda: self._status(order_id) == "confirmed", f"order {order_id} to be confirmed")
        status, answer = demo_order.call("GET", "order-views", f"/v1/orders/{order_id}")
        if status != 200:
            raise MeasurementError(f"the order's view cannot be read: {answer}")
        return order_id

    def settle(self) -> None:
        """Wait until no function calls anything any more."""
        _wait(self._is_quiet, "the functions to come to rest")

    def _status(self, order_id: str) -> str:
        """What its view says, read from the table, so that the waiting is not counted."""
        table = self.outputs["services"]["order-views"]["tables"]["OrderView"]
        items = self.cloud.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
        return next(
            (it["status"]["S"] for it in items if it["view_id"]["S"].endswith(order_id)), ""
        )

    def _is_quiet(self) -> bool:
        before = len(self.proxy.calls)
        time.sleep(_QUIET_SECONDS)
        return len(self.proxy.calls) == before


@contextmanager
def shop(console: Console) -> Iterator[Shop]:
    """Everything deployed to an emulator of its own, each function's calls going by the proxy."""
    with (
        tempfile.TemporaryDirectory(prefix=f"{PRODUCT}-costs-") as folder,
        Emulator(Path(folder)) as emulator,
    ):
        outputs = bring_up(emulator, console)
        with CountingProxy(emulator.endpoint) as proxy:
            token = tokens.token(outputs, emulator.cloud, emulator.workspace, user="demo")
            found = Shop(emulator, outputs, proxy, token)
            _redirect(found)
            yield found


def functions(outputs: Outputs, cloud: Cloud) -> list[Function]:
    """All that are deployed."""
    client, found = cloud.client("lambda"), []
    for owner, service in outputs["services"].items():
        for name, deployed in service.get("functions", {}).items():
            configuration = client.get_function_configuration(FunctionName=deployed)
            logging = configuration.get("LoggingConfig", {})
            group = logging.get("LogGroup", f"/aws/lambda/{deployed}")
            told = logging.get("SystemLogLevel", "INFO") != "WARN"
            variables = configuration.get("Environment", {}).get("Variables", {})
            documents = variables.get(PREFETCHED, "").count("/configurations/")
            found.append(
                Function(
                    owner,
                    name,
                    deployed,
                    configuration["MemorySize"],
                    group,
                    documents,
                    told_by_lambda=told,
                    begins_traces=configuration["TracingConfig"]["Mode"] == "Active",
                )
            )
    return found


def _redirect(shop: Shop) -> None:
    client = shop.cloud.client("lambda")
    for function in functions(shop.outputs, shop.cloud):
        configuration = client.get_function_configuration(FunctionName=function.deployed_name)
        variables = dict(configuration.get("Environment", {}).get("Variables", {}))
        variables["AWS_ENDPOINT_URL"] = shop.proxy.address_for(function.label)
        client.update_function_configuration(
            FunctionName=function.deployed_name, Environment={"Variables": variables}
        )


def _wait(check: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not check():
        if time.monotonic() > deadline:
            raise MeasurementError(f"waited {_PATIENCE_SECONDS:.0f} s in vain for {what}")
        time.sleep(0.1)
