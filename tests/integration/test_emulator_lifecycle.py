"""Starting and stopping leaves nothing behind, however it ends."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.support.containers import with_containers
from tests.support.drivers.children import child
from tests.support.drivers.offline import eventually
from tests.support.drivers.small_assembly import write_assembly
from tools.base import processes
from tools.base.errors import DeploymentError, EmulatorError
from tools.base.records import read_record
from tools.base.workspace import CHECKOUT, Workspace
from tools.emulator.deploy import deploy
from tools.emulator.emulator import Emulator
from tools.emulator.payment_provider import PaymentProvider
from tools.emulator.ports import listens
from tools.local import commands
from tools.local.commands import revive
from tools.local.parts import Beside, beside


def _function(code: str) -> dict[str, Any]:
    """A stack with one function; it may be deployed again with other code."""
    return {
        "Resources": {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"AssumeRolePolicyDocument": {"Statement": []}},
            },
            "Function": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "FunctionName": "answer",
                    "Handler": "index.handler",
                    "Runtime": "python3.13",
                    "Code": {"ZipFile": code},
                    "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                },
            },
        }
    }


def _answering(text: str) -> dict[str, Any]:
    return _function(f"def handler(event, context):\n    return {text!r}\n")


def _ask(emulator: Emulator) -> Any:
    answer = emulator.cloud.client("lambda").invoke(FunctionName="answer")
    return json.loads(answer["Payload"].read())


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """A workspace's folder; whatever a failed test leaves running in it is ended."""
    yield tmp_path
    Emulator.of(Workspace(tmp_path)).stop()


@pytest.fixture
def emulator(directory: Path) -> Emulator:
    """Running, with one function that has run: so there is a process for it, a copy of the host."""
    emulator = Emulator(directory)
    emulator.start()
    deploy(write_assembly(directory / "a", {"answers": _answering("one")}), emulator.cloud)
    assert _ask(emulator) == "one"
    assert len(emulator.pids) == 3
    return emulator


def _nothing_runs_in(directory: Path) -> bool:
    return not [command for _, _, command in processes.listing() if str(directory) in command]


def test_stopping_ends_server_and_workers_and_any_process_may_do_it(
    emulator: Emulator, directory: Path
) -> None:
    Emulator.of(Workspace(directory)).stop()
    assert _nothing_runs_in(directory)
    assert not emulator.is_healthy()


def test_stopping_after_a_crash_ends_a_worker_that_hangs(
    emulator: Emulator, directory: Path
) -> None:
    server, _, worker = sorted(emulator.pids)
    os.kill(worker, signal.SIGSTOP)
    os.kill(server, signal.SIGKILL)
    eventually(lambda: emulator.pids == [worker])
    assert Emulator.of(Workspace(directory)).stop() == [worker]
    assert _nothing_runs_in(directory)


def test_starting_after_a_crash_begins_anew_on_the_same_port(emulator: Emulator) -> None:
    port = emulator.port
    os.kill(emulator.pids[0], signal.SIGKILL)
    eventually(lambda: not emulator.is_healthy())
    emulator.start()
    assert emulator.is_healthy()
    assert emulator.port == port


def test_a_stranger_with_the_number_of_a_dead_server_is_left_alone(directory: Path) -> None:
    with child(["sleep", "60"], start_new_session=True) as stranger:
        record = {"pid": stranger.pid, "port": 1, "auth": False, "persistence": False}
        Workspace(directory).emulator_record.write_text(json.dumps(record))
        assert Emulator.of(Workspace(directory)).stop() == []
        assert stranger.poll() is None


def test_two_workspaces_run_side_by_side(emulator: Emulator, tmp_path: Path) -> None:
    with Emulator(tmp_path / "second") as second:
        assert second.port != emulator.port
        deploy(write_assembly(tmp_path / "b", {"answers": _answering("two")}), second.cloud)
        assert (_ask(emulator), _ask(second)) == ("one", "two")
    assert emulator.is_healthy()


def test_a_port_that_somebody_else_took_is_left_to_them(directory: Path) -> None:
    with Emulator(directory / "first") as first:
        record = {"pid": 0, "port": first.port}
        (directory / "second").mkdir()
        (directory / "second" / "emulator.json").write_text(json.dumps(record))
        with Emulator(directory / "second") as second:
            assert second.port != first.port


def test_other_options_than_those_that_it_runs_with_are_refused(emulator: Emulator) -> None:
    with pytest.raises(EmulatorError, match="other options"):
        Emulator(emulator.workspace.root, auth=True).start()


def test_a_tethered_emulator_ends_with_the_process_that_started_it(directory: Path) -> None:
    script = (
        "import os, pathlib, sys\n"
        "from tools.emulator.emulator import Emulator\n"
        "Emulator(pathlib.Path(sys.argv[1])).__enter__()\n"
        "os.kill(os.getpid(), 9)\n"
    )
    starter = subprocess.run([sys.executable, "-c", script, directory], cwd=CHECKOUT, check=False)
    assert starter.returncode == -signal.SIGKILL
    assert Workspace(directory).emulator_record.exists()
    eventually(lambda: _nothing_runs_in(directory))


def test_new_code_takes_effect_with_the_next_deployment(emulator: Emulator) -> None:
    assembly = write_assembly(
        emulator.workspace.root / "b", {"answers": _answering("another"), "more": _empty()}
    )
    assert deploy(assembly, emulator.cloud) == {"answers": "updated", "more": "created"}
    assert deploy(assembly, emulator.cloud) == {"answers": "unchanged", "more": "unchanged"}
    assert _ask(emulator) == "another"


def _empty() -> dict[str, Any]:
    return {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}


def test_stacks_carry_their_tags(emulator: Emulator) -> None:
    stacks = emulator.cloud.client("cloudformation").describe_stacks(StackName="answers")["Stacks"]
    assert stacks[0]["Tags"] == [{"Key": "service", "Value": "answers"}]


def test_what_was_persisted_is_there_after_a_clean_restart(directory: Path) -> None:
    emulator = Emulator(directory, persistence=True)
    emulator.start()
    deploy(write_assembly(directory / "a", {"answers": _answering("still here")}), emulator.cloud)
    emulator.stop()
    emulator.start()
    assert _ask(emulator) == "still here"


def test_a_failed_deployment_shows_the_reason_and_what_the_function_said(
    emulator: Emulator, directory: Path
) -> None:
    broken = _function("def handler(event, context):\n    raise ValueError('no such shelf')\n")
    broken["Resources"]["Function"]["Properties"]["FunctionName"] = "shelves"
    broken["Resources"]["Shelf"] = {
        "Type": "Custom::Shelf",
        "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}, "ServiceTimeout": 1},
    }
    assembly = write_assembly(directory / "broken", {"shelves": broken})
    with pytest.raises(DeploymentError, match="shelves could not be deployed") as failure:
        deploy(assembly, emulator.cloud)
    evidence = "\n".join(failure.value.evidence)
    assert "Shelf (Custom::Shelf) CREATE_FAILED" in evidence
    assert "ValueError: no such shelf" in evidence

    repaired = write_assembly(directory / "repaired", {"shelves": _answering("repaired")})
    assert deploy(repaired, emulator.cloud) == {"shelves": "created"}


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("emulator.json", signal.SIGINT),
        pytest.param("emulator.log", signal.SIGINT, marks=pytest.mark.nightly),
        ("cdk.offline", signal.SIGINT),
        pytest.param("outputs.json", signal.SIGINT, marks=pytest.mark.nightly),
        ("outputs.json", signal.SIGTERM),
        pytest.param("outputs.json", signal.SIGHUP, marks=pytest.mark.nightly),
    ],
)
def test_an_interrupted_run_leaves_no_process(
    directory: Path, moment: str, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "tools.local", "--workspace", str(directory), "run"]
    with child(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL) as running:
        eventually((directory / moment).exists, timeout=240)  # a busy machine
        running.send_signal(number)
        assert running.wait(20) == 128 + number
    assert _nothing_runs_in(directory)


@with_containers
@pytest.mark.nightly
def test_a_run_with_containers_tells_of_two_releases_and_leaves_nothing(
    directory: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "tools.local", "--workspace", str(directory)]
    printed = tmp_path / "printed.txt"
    with (
        printed.open("w") as out,
        child([*command, "run", "--containers"], cwd=CHECKOUT, stdout=out) as running,
    ):
        eventually(lambda: "running; Ctrl-C ends it" in printed.read_text(), timeout=500)
        ports = read_record(Workspace(directory).pricing / "envoy.json")
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 128 + signal.SIGINT
    told = printed.read_text()
    assert "RolledBack: calls-fail" in told
    assert "promoted: it has all calls" in told
    assert _nothing_runs_in(directory)
    assert not [name for name, port in ports.items() if name != "pid" and listens(port)]


@pytest.fixture
def beside_it(emulator: Emulator) -> Iterator[dict[str, Beside]]:
    """The processes beside the emulator, all running."""
    found = beside(emulator)
    for it in found:
        it.start()
    yield {it.name: it for it in found}
    for it in found:
        it.process.stop()


def _status(emulator: Emulator) -> tuple[bool, str]:
    console = Console(record=True, width=200, file=io.StringIO())
    healthy = commands.status(emulator.workspace, console)
    return healthy, console.export_text()


@pytest.mark.usefixtures("beside_it")
def test_the_status_names_each_part_with_the_memory_that_it_holds(emulator: Emulator) -> None:
    healthy, shown = _status(emulator)
    assert healthy
    for part in ("engine", "function host", "functions", "payment provider backup"):
        assert re.search(rf"^{part} +1 +\d+ MB", shown, re.MULTILINE), shown
    assert re.search(r"running at http://127.0.0.1:\d+, 0\.\d\d GB of memory", shown)


@pytest.mark.parametrize("name", ["payment provider primary", "configuration agent"])
def test_a_part_that_has_ended_is_named_and_not_healthy(
    emulator: Emulator, beside_it: dict[str, Beside], name: str
) -> None:
    os.kill(beside_it[name].process.pid, signal.SIGKILL)
    eventually(lambda: not beside_it[name].process.is_running())
    healthy, shown = _status(emulator)
    assert not healthy
    assert f"{name} has ended: `make up` starts it again" in shown


def test_a_provider_that_was_killed_comes_back_with_its_books(
    emulator: Emulator, beside_it: dict[str, Beside]
) -> None:
    provider = PaymentProvider(emulator.workspace)
    url, key = provider.url, provider.issue_key()["id"]
    os.kill(provider.pid, signal.SIGKILL)
    eventually(lambda: not provider.is_running())
    revive(emulator, Console(quiet=True))
    assert provider.url == url
    assert provider.keys() == [key]
    emulator.stop()
    emulator.start()
    eventually(lambda: not provider.is_running())
    beside_it["payment provider primary"].start()
    assert provider.keys() == []


def test_a_killed_emulator_goes_on_from_its_last_save_and_the_books_agree(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path, persistence=True, save_seconds=0.5)
    provider = PaymentProvider(emulator.workspace)
    emulator.start()
    provider.start(persistence=True)

    def write_on_both_sides(number: int) -> None:
        parameters = emulator.cloud.client("ssm")  # whichever emulator runs, on its own port
        parameters.put_parameter(Name=f"/order/{number}", Value="accepted", Type="String")
        provider.issue_key(f"charge-{number}")

    def is_saved() -> bool:
        try:
            return "/order/0" in (emulator.workspace.last_save / "ssm.json").read_text()
        except FileNotFoundError:  # none yet, or the next one takes its place just now
            return False

    write_on_both_sides(0)
    eventually(is_saved)
    for number in range(1, 200):
        write_on_both_sides(number)
    for pid in emulator.pids:
        os.kill(pid, signal.SIGKILL)
    try:
        emulator = Emulator(tmp_path, persistence=True, save_seconds=600)
        emulator.start()
        assert emulator.lost_since is not None
        provider.start(persistence=True)
        pages = emulator.cloud.client("ssm").get_paginator("describe_parameters").paginate()
        orders = len([it for page in pages for it in page["Parameters"]])
        charges = len(provider.keys())
        assert 1 <= orders <= 200
        assert orders - charges in (0, 1)  # a save may come between the two
        write_on_both_sides(200)
        emulator.stop()
        emulator = Emulator(tmp_path, persistence=True, save_seconds=600)
        emulator.start()
        assert emulator.lost_since is None
        assert emulator.cloud.client("ssm").get_parameter(Name="/order/200")
    finally:
        emulator.stop()
