"""What configuration is judged by is what is deployed: timeouts, batches, deadlines, names."""

from __future__ import annotations

import json

import pytest

from payments import configuration as payments
from shipping import configuration as shipping
from stacks.fulfilment_saga import saga_times
from stacks.payments import BACKUP_PROVIDER_URL, PROVIDER_URL
from stacks.stage import stage_named
from tests.infra.system import CONTEXT, Resource, System
from tools.base.target import ENVIRONMENTS


def worker_of(system: System, service: str) -> tuple[Resource, Resource]:
    """The function on a service's queue of commands, and what connects it with the queue."""
    [worker] = [
        it
        for it in system.resources("AWS::Lambda::Function")
        if it.template.service == service and "queued_commands" in it.properties["Handler"]
    ]
    [mapping] = [
        it
        for it in system.resources("AWS::Lambda::EventSourceMapping")
        if it.template.service == service and worker.id in json.dumps(it.properties["FunctionName"])
    ]
    return worker, mapping


def test_payments_patience_is_judged_by_the_deployed_worker(system: System) -> None:
    worker, mapping = worker_of(system, "payments")
    assert worker.properties["Timeout"] == payments.WORKER_SECONDS
    assert mapping.properties["BatchSize"] == payments.BATCH_SIZE


@pytest.mark.parametrize("judge", [payments, shipping])
def test_no_saga_gives_a_step_less_time_than_configuration_is_judged_by(judge: object) -> None:
    shortest = min(
        saga_times(stage_named(name, "cloud", CONTEXT["region"])).step for name in ENVIRONMENTS
    )
    assert getattr(judge, "STEP_DEADLINE_SECONDS") == shortest  # noqa: B009


def test_the_two_payment_providers_are_not_the_same_one() -> None:
    # Offline each address is replaced by its stand-in's.
    assert CONTEXT[PROVIDER_URL] != CONTEXT[BACKUP_PROVIDER_URL]
