"""Who listens on the bus is nobody else's business: a new subscriber changes no other template."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aws_cdk import App, Duration
from aws_cdk import Environment as Account

from bundling.workspace import unbuilt
from contracts.product import PRODUCT
from stacks.constructs.service_queue import ServiceQueue
from stacks.constructs.service_stack import ServiceStack
from stacks.services import Service
from stacks.stage import from_context, stage_named
from stacks.system import build
from tests.infra.system import CONTEXT, synthesized

DEV = stage_named("dev", "cloud", CONTEXT["region"])
ACCOUNT = Account(region=DEV.region)


class Newcomer(ServiceStack):
    """A service that wants to hear of confirmed orders."""

    def __init__(self, scope: App) -> None:
        super().__init__(
            scope,
            Service(name="newcomer", owner="research", purpose="somebody new"),
            stage=DEV,
            env=ACCOUNT,
        )
        heard = ServiceQueue(
            self, "Heard", key=self.make_key(), worker_timeout=Duration.seconds(10)
        )
        heard.subscribe_to_bus("Confirmed", detail_type=["OrderConfirmed"])


def test_a_new_subscriber_changes_no_publisher(tmp_path: Path) -> None:
    before = _templates(synthesized("dev").assembly.directory)
    after = _templates(_with(tmp_path, Newcomer))
    newcomer = after.pop(f"{PRODUCT}-dev-newcomer.template.json")
    types = [resource["Type"] for resource in newcomer["Resources"].values()]
    assert types.count("AWS::Events::Rule") == 1
    assert len(before) > 10
    assert after == before


def _with(out: Path, stack: type[Newcomer]) -> Path:
    app = App(outdir=str(out), context={**CONTEXT, "environment": "dev"})
    build(app, from_context(app))
    with unbuilt():  # nobody has written its functions
        stack(app)
    app.synth()
    return out


def _templates(out: Path) -> dict[str, Any]:
    return {it.name: json.loads(it.read_text()) for it in out.glob("*.template.json")}
