"""Whoever calls another service's function waits as long as that one may take, or says why not."""

from __future__ import annotations

import re

import pytest

from fulfilment.handlers import start_missed
from reconciliation.handlers import reconcile
from shared.read_models import history
from shared.runtime import aws
from shipping.adapters.lambda_carrier_api import SECONDS_FOR_THE_REST, TRY_SECONDS
from stacks.constructs.log_consumer import BATCH_TIMEOUT
from tests.infra.system import CHECKOUT, System

ATTEMPTS, CONNECT, PAUSES = 4, 1, 1 + 2 + 4
"""Of a client in `shared.runtime.aws`; pauses between attempts are at most that long."""
OWNERS = {
    "orders": ("scan_events", "list_events", "read_events", "relay"),
    "event-log": ("intake",),
}
IMPATIENT = {"notifications/handlers/notify.py", "webhooks/handlers/hear_events.py"}
"""They say beside their clients why they do not wait."""


def longest(system: System, service: str, handler: str) -> int:
    """Seconds that a function may take."""
    [timeout] = [
        it.properties["Timeout"]
        for it in system.resources("AWS::Lambda::Function")
        if it.template.service == service
        and re.search(rf"\.{handler}\.handler$", it.properties["Handler"])
    ]
    return int(timeout)


@pytest.mark.parametrize("caller", [reconcile, start_missed], ids=lambda it: it.__name__)
def test_repairs_wait_as_long_as_the_owners_functions_may_take(
    system: System, caller: object
) -> None:
    for service, handlers in OWNERS.items():
        for handler in handlers:
            wait = getattr(caller, "OWNERS_TIMEOUT")  # noqa: B009
            assert longest(system, service, handler) < wait, handler


def test_readers_of_the_log_wait_for_a_history_and_still_say_what_failed(system: System) -> None:
    assert longest(system, "orders", "read_events") < history.PATIENCE
    for_all = ATTEMPTS * (CONNECT + history.PATIENCE) + PAUSES
    assert for_all < BATCH_TIMEOUT.to_seconds(), "the batch would end without a word"


def test_a_command_may_ask_a_carrier_twice_however_slow_the_carrier_is(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    config = aws.client_that_tries_once("lambda").meta.config
    aws.client_that_tries_once.cache_clear()
    assert config.connect_timeout + config.read_timeout <= TRY_SECONDS
    assert longest(system, "shipping", "queued_commands") >= 2 * TRY_SECONDS + SECONDS_FOR_THE_REST


def test_nobody_else_is_impatient_with_a_function() -> None:
    code = CHECKOUT / "lambdas"
    callers = {
        it.relative_to(code).as_posix()
        for it in code.rglob("*.py")
        if 'aws.client("lambda")' in it.read_text("utf-8")
    }
    assert callers == IMPATIENT
