"""Configuration and secrets at work: a flag, two refusals, a rollback, a rotation under load."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from tools.base.endpoint import Cloud
from tools.base.errors import OfflineError
from tools.base.outputs import Outputs
from tools.base.target import Target, of_emulator
from tools.base.workspace import Workspace
from tools.configuration import commands, deployed, services, validation
from tools.configuration.deployed import Place
from tools.configuration.errors import ConfigurationError, NotCompleted, NotValid
from tools.local import rotation, tokens
from tools.local.demo_order import ORDER, DemoOrder

SERVICE = "orders"
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.2
ORDERS_A_MINUTE = 200
LOAD_SECONDS = 6.0
"""How long orders are placed around the rotation, which is in the middle."""


@dataclass(frozen=True)
class Stage:
    """Where the tour goes: what is deployed, and what git has of it."""

    outputs: Outputs
    cloud: Cloud
    token: str
    workspace: Workspace
    target: Target
    console: Console

    @property
    def place(self) -> Place:
        """Where the configuration of orders is."""
        profiles = services.configured()[SERVICE].profiles
        return deployed.place(self.target, SERVICE, [it.name for it in profiles])

    def order(self) -> tuple[int, Any]:
        """Place an order: status and parsed body."""
        return DemoOrder(self.outputs, self.cloud, self.token).call(
            "POST", SERVICE, "/v1/orders", ORDER
        )

    def apply(self, config: Path = services.CONFIG, strategy: str = "") -> None:
        """What `make config-apply SERVICE=orders` does."""
        chosen = services.chosen([SERVICE])
        commands.apply(
            self.target,
            self.console,
            chosen=chosen,
            config=config,
            strategy=strategy,
            wait_seconds=PATIENCE_SECONDS,
        )


def guide(outputs: Outputs, cloud: Cloud, workspace: Workspace, console: Console) -> None:
    """Show the four, one after the other; everything is as before at the end.

    Raises:
        OfflineError: something did not go as the tour says.
    """
    token = tokens.token(outputs, cloud, workspace)
    stage = Stage(outputs, cloud, token, workspace, of_emulator(cloud), console)
    try:
        stage.apply()  # begins with what git has
        flip_a_flag(stage)
        refuse_by_schema(stage)
        refuse_by_meaning(stage)
        roll_back(stage)
    except ConfigurationError as error:
        raise OfflineError(f"configuration: {error}") from error
    rotate_under_load(stage)


def flip_a_flag(stage: Stage) -> None:
    """Ordering is switched off and on again, and no process is started anew."""
    _title(stage, "A flag is flipped while the system runs")
    rows = [("as git has it", *_answer(stage.order()))]
    with _merged(stage, lambda it: it["flags"]["accept-orders"].update(enabled=False)) as config:
        stage.apply(config)
        rows.append(_first_that(stage, 503))
    stage.apply()
    rows.append(_first_that(stage, 202))
    table = Table("when", "POST /v1/orders", "", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    stage.console.print(table)


def refuse_by_schema(stage: Stage) -> None:
    """A document of the wrong form is refused before anything is deployed."""
    _title(stage, "A document of the wrong form is refused by its schema")
    with _merged(stage, lambda it: it["settings"].update(max_lines="as many as you like")) as it:
        _expect_refusal(stage, lambda: stage.apply(it))


def refuse_by_meaning(stage: Stage) -> None:
    """The deployed function judges as AppConfig asks it; the pipeline would not get so far."""
    _title(stage, "A document without sense is refused by the validator function")
    document = _document()
    document["flags"]["introductory-discount"].update(enabled=True, basis_points=9000)
    place = stage.place
    profile = place.profiles["flags"]
    content = profile.to_appconfig(document["flags"])
    _expect_refusal(
        stage, lambda: validation.validate(stage.target, place, profile, version=0, content=content)
    )


def roll_back(stage: Stage) -> None:
    """A rollout in steps is called back by an alarm, and the value before is served."""
    _title(stage, "A rollout is rolled back by an alarm")
    before = _served(stage)
    with (
        _merged(stage, lambda it: it["settings"].update(max_lines=1)) as config,
        _alarm_at_the_first_step(stage) as alarm,
    ):
        try:
            stage.apply(config, "watched")
        except NotCompleted as rolled_back:
            stage.console.print(f"not completed: {rolled_back}", style="yellow")
        else:
            raise OfflineError(f"the alarm {alarm} rolled nothing back")
    if _served(stage) != before:
        raise OfflineError(f"after the rollback {_served(stage)} is served, and not {before}")
    stage.console.print(f"served before and now: {json.dumps(before)}", style="green")


def rotate_under_load(stage: Stage) -> None:
    """The payment provider's key is replaced while orders are placed, and none is lost."""
    _title(stage, f"The provider's key is rotated at {ORDERS_A_MINUTE} orders a minute")
    load = _Load(stage)
    with load:
        time.sleep(LOAD_SECONDS / 2)
        rotated = [
            rotation.rotate(stage.outputs, stage.cloud, "payments", name)
            for name in rotation.secrets_of(stage.outputs, "payments")
        ]
        time.sleep(LOAD_SECONDS / 2)
    for it in rotated:
        stage.console.print(f"{it.secret}: version {it.before[:8]} -> {it.after[:8]}")
    functions = stage.outputs["services"]["payments"]["functions"]
    for it in rotated:  # by the clock this is done once nobody can still have the one before
        said = rotation.call(stage.cloud, functions[f"{it.secret}Retirement"], {"after_seconds": 0})
        stage.console.print(f"{it.secret}: {said['revoked']} key revoked, {said['valid']} valid")
    endings = load.endings()
    lost = {order: status for order, status in endings.items() if status != "confirmed"}
    if load.refusals or lost:
        raise OfflineError(f"orders were lost: {load.refusals} {lost}")
    stage.console.print(
        f"{len(endings)} orders placed around it: all of them confirmed", style="green"
    )


@dataclass
class _Load:
    """Orders placed at a rate, for as long as it is entered."""

    stage: Stage
    placed: list[str] = field(default_factory=list)
    refusals: list[Any] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> None:
        self._thread = threading.Thread(target=self._place, daemon=True)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def endings(self) -> dict[str, str]:
        """How each order's saga ended; whatever has not ended in time is what it is then."""
        demo_order = DemoOrder(self.stage.outputs, self.stage.cloud, self.stage.token)
        deadline, found = time.monotonic() + PATIENCE_SECONDS, dict.fromkeys(self.placed, "placed")
        while "placed" in found.values() and time.monotonic() < deadline:
            time.sleep(PAUSE_SECONDS)
            for order in [it for it, status in found.items() if status == "placed"]:
                _, history = demo_order.call("GET", SERVICE, f"/v1/orders/{order}/history")
                found[order] = history["state"]["status"]
        return found

    def _place(self) -> None:
        due = time.monotonic()
        while not self._over.wait(max(0.0, due - time.monotonic())):
            due += 60 / ORDERS_A_MINUTE
            status, answer = self.stage.order()
            if status == 202:
                self.placed.append(answer["order_id"])
            else:
                self.refusals.append(answer)


@contextmanager
def _merged(stage: Stage, change: Callable[[dict[str, Any]], None]) -> Iterator[Path]:
    """A folder as git would have it if the change were merged."""
    document = _document()
    change(document)
    with TemporaryDirectory() as folder:
        file = Path(folder) / stage.target.environment / f"{SERVICE}.json"
        file.parent.mkdir()
        file.write_text(json.dumps(document))
        yield Path(folder)


@contextmanager
def _alarm_at_the_first_step(stage: Stage) -> Iterator[str]:
    """An alarm that watches the rollout fires once the first readers have the new version."""
    appconfig, place = stage.target.client("appconfig"), stage.place
    [arn, *_] = [
        it["AlarmArn"]
        for it in appconfig.get_environment(
            ApplicationId=place.application_id, EnvironmentId=place.environment_id
        )["Monitors"]
    ]
    alarm = arn.rpartition(":")[2]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(PAUSE_SECONDS):
            latest = next(deployed.deployments(appconfig, place))
            if latest.is_under_way and latest.percentage > 0:
                _set_alarm(stage, alarm, "ALARM")
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield alarm
    finally:
        over.set()
        watcher.join()
        _set_alarm(stage, alarm, "OK")


def _set_alarm(stage: Stage, alarm: str, state: str) -> None:
    cloudwatch = stage.target.client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue=state, StateReason="make tour")


def _first_that(stage: Stage, status: int) -> tuple[str, str, str]:
    """Order until the answer has that status: a row that says how long it took."""
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE_SECONDS:
        answer = stage.order()
        if answer[0] == status:
            return (f"{time.monotonic() - begun:.1f} s after config-apply", *_answer(answer))
        time.sleep(PAUSE_SECONDS)
    raise OfflineError(f"no answer {status} within {PATIENCE_SECONDS:.0f} s of config-apply")


def _answer(answer: tuple[int, Any]) -> tuple[str, str]:
    status, body = answer
    return str(status), str(body.get("status") if status < 400 else body.get("detail", body))


def _expect_refusal(stage: Stage, attempt: Callable[[], None]) -> None:
    try:
        attempt()
    except NotValid as refused:
        for problem in refused.problems:
            stage.console.print(f"refused: {problem}", style="yellow")
    else:
        raise OfflineError("a document that is wrong was not refused")


def _served(stage: Stage) -> Any:
    """The settings that a new reader gets."""
    data, place = stage.target.client("appconfigdata"), stage.place
    token = data.start_configuration_session(
        ApplicationIdentifier=place.application_id,
        EnvironmentIdentifier=place.environment_id,
        ConfigurationProfileIdentifier=place.profiles["settings"].id,
    )["InitialConfigurationToken"]
    return json.load(data.get_latest_configuration(ConfigurationToken=token)["Configuration"])


def _document() -> dict[str, Any]:
    [document] = services.documents_of("dev", services.chosen([SERVICE]))
    found: dict[str, Any] = json.loads(json.dumps(document.profiles))
    return found


def _title(stage: Stage, text: str) -> None:
    stage.console.print()
    stage.console.print(text, style="bold")
