"""Orders works with a new version until its alarm fires, and then with the one before again."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from contracts.product import PRODUCT
from tests.support.drivers.console_operator import ConsoleOperator
from tests.support.drivers.offline import Deployment, call, eventually
from tools.base.endpoint import Cloud
from tools.base.target import of_emulator
from tools.configuration import commands, services
from tools.configuration.__main__ import main
from tools.configuration.errors import NotCompleted

SERVICE, ENVIRONMENT = "orders", "dev"
PARAMETERS = f"/{PRODUCT}/{ENVIRONMENT}/{SERVICE}/configuration-"
STRATEGY = "slow-to-bake"


def order_of_two_lines(deployment: Deployment) -> int:
    """What the API answers to it."""
    body = {
        "lines": [{"sku": "TEA-SENCHA", "quantity": 1}, {"sku": "TEA-ASSAM", "quantity": 1}],
        "currency": "EUR",
        "ship_to": {"address_id": str(uuid.uuid4()), "country": "DE", "postcode_area": "10"},
    }
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    url = deployment.url(SERVICE, "/v1/orders")
    return call("POST", url, token=deployment.token(), body=body, headers=headers).status


@contextmanager
def slow_strategy(cloud: Cloud) -> Iterator[None]:
    """Everybody gets a version at once, and alarms may call it back for a minute."""
    make: Any = cloud.client
    appconfig, ssm = make("appconfig"), make("ssm")
    strategy = appconfig.create_deployment_strategy(
        Name=STRATEGY,
        DeploymentDurationInMinutes=0,
        GrowthFactor=100,
        FinalBakeTimeInMinutes=1,
        ReplicateTo="NONE",
    )["Id"]
    parameter = f"{PARAMETERS}{STRATEGY}-strategy-id"
    ssm.put_parameter(Name=parameter, Value=strategy, Type="String")
    try:
        yield
    finally:
        ssm.delete_parameter(Name=parameter)
        appconfig.delete_deployment_strategy(DeploymentStrategyId=strategy)


def alarm_of(cloud: Cloud) -> str:
    """One that watches the rollouts of orders."""
    make: Any = cloud.client
    ids = {
        kind: cloud.client("ssm").get_parameter(Name=f"{PARAMETERS}{kind}-id")["Parameter"]["Value"]
        for kind in ("application", "environment")
    }
    environment = make("appconfig").get_environment(
        ApplicationId=ids["application"], EnvironmentId=ids["environment"]
    )
    arn: str = environment["Monitors"][0]["AlarmArn"]
    return arn.rpartition(":")[2]


def set_alarm(cloud: Cloud, name: str, state: str) -> None:
    """The alarm fires, or is quiet again."""
    make: Any = cloud.client
    make("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")


def test_what_was_brought_up_is_what_git_has(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = str(deployment.emulator.workspace.root)
    assert main(["plan", "--workspace", workspace]) == 0
    assert "what is deployed is what git has" in capsys.readouterr().out
    assert main(["drift", "--workspace", workspace]) == 0
    assert "nothing was changed by hand" in capsys.readouterr().out


@pytest.mark.nightly  # a rollout under way keeps other tests from applying theirs
@pytest.mark.enforced
def test_a_rollout_is_watched_in_the_console_and_stopped_there(
    deployment: Deployment, tmp_path: Path
) -> None:
    cloud, operator = deployment.cloud, ConsoleOperator(deployment)
    target, quiet = of_emulator(cloud), Console(quiet=True)
    document = json.loads((services.CONFIG / ENVIRONMENT / f"{SERVICE}.json").read_text())
    document["settings"]["max_lines"] = 1
    (tmp_path / ENVIRONMENT).mkdir()
    (tmp_path / ENVIRONMENT / f"{SERVICE}.json").write_text(json.dumps(document))
    path = f"configuration/{SERVICE}/settings/stop"
    before = settings_of(operator)
    nothing = operator.post(path, {"dry_run": True})
    assert (nothing.status, nothing.json["detail"]) == (409, "no rollout of it is under way")

    with slow_strategy(cloud), ThreadPoolExecutor() as pool:
        applying = pool.submit(
            commands.apply,
            target,
            quiet,
            chosen=services.chosen([SERVICE]),
            config=tmp_path,
            strategy=STRATEGY,
        )
        eventually(lambda: order_of_two_lines(deployment) == 422)
        watched = eventually(lambda: settings_of(operator), 10)["rollout"]
        assert (watched["state"], watched["under_way"]) == ("baking", True)
        assert watched["number"] > before["rollout"]["number"]
        assert operator.change(path) == {"state": "rolled_back"}
        with pytest.raises(NotCompleted):
            applying.result(timeout=20)
    eventually(lambda: order_of_two_lines(deployment) == 202)
    after = settings_of(operator)
    assert (after["rollout"]["state"], after["rollout"]["ended_by"]) == ("rolled_back", "operator")
    assert after["served"] == before["served"]
    assert commands.plan(target, quiet, chosen=services.chosen([SERVICE]))


def settings_of(operator: ConsoleOperator) -> Any:
    """What the console tells of the settings of orders."""
    told = operator.get("configuration")["services"]
    [service] = [it for it in told if it["service"] == SERVICE]
    [profile] = [it for it in service["profiles"] if it["profile"] == "settings"]
    return profile


def test_the_value_before_is_in_force_again_after_the_services_alarm_has_fired(
    deployment: Deployment, tmp_path: Path
) -> None:
    cloud = deployment.cloud
    target, quiet = of_emulator(cloud), Console(quiet=True)
    chosen = services.chosen([SERVICE])
    document = json.loads((services.CONFIG / ENVIRONMENT / f"{SERVICE}.json").read_text())
    document["settings"]["max_lines"] = 1
    (tmp_path / ENVIRONMENT).mkdir()
    (tmp_path / ENVIRONMENT / f"{SERVICE}.json").write_text(json.dumps(document))
    alarm = alarm_of(cloud)

    assert order_of_two_lines(deployment) == 202
    with slow_strategy(cloud), ThreadPoolExecutor() as pool:
        try:
            applying = pool.submit(
                commands.apply, target, quiet, chosen=chosen, config=tmp_path, strategy=STRATEGY
            )
            eventually(lambda: order_of_two_lines(deployment) == 422)
        finally:
            set_alarm(cloud, alarm, "ALARM")
        with pytest.raises(NotCompleted, match=f"the alarm {alarm} fired"):
            applying.result(timeout=20)
        set_alarm(cloud, alarm, "OK")
    eventually(lambda: order_of_two_lines(deployment) == 202)
    # Git was not touched: nothing is left to deploy, and nothing was done by hand.
    assert commands.plan(target, quiet, chosen=chosen)
    assert commands.drift(target, quiet, chosen=chosen)
