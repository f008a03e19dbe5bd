"""What is saved while `make dev` runs is served, and what is broken is not."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from contracts.product import PRODUCT
from tests.support.drivers.offline import eventually
from tools.base.endpoint import Cloud
from tools.base.target import of_emulator
from tools.base.workspace import CHECKOUT
from tools.configuration import deployed
from tools.emulator.emulator import Emulator
from tools.measure.edited_checkout import PROBE, EditedCheckout

SERVES, ORDERS_SERVE = "order_views serves", "orders serves the new code"
DOCUMENT = "config/dev/orders.json"
EMULATORS_PYTHON = CHECKOUT / ".venv-emulator" / "bin" / "python"


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EditedCheckout]:
    with EditedCheckout(tmp_path_factory.mktemp("edited")) as edited:
        yield edited


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with Emulator(tmp_path_factory.mktemp("functions")) as emulator:
        yield emulator.cloud


def test_a_saved_handler_is_served_and_a_broken_one_leaves_the_old(edited: EditedCheckout) -> None:
    edited.save(PROBE, edited.with_mark("new"))
    edited.until(lambda: edited.served() == "new")

    edited.save(PROBE, f"{edited.with_mark('broken')}\n\ndef (:\n")
    line = len(edited.with_mark("broken").splitlines()) + 3
    edited.until(lambda: f"{PROBE}:{line}: invalid syntax" in edited.said())
    assert edited.served() == "new"

    edited.save(PROBE, f"import not_installed\n{edited.with_mark('broken')}")
    edited.until(lambda: f"{PROBE}:1: ModuleNotFoundError" in edited.said())
    assert edited.served() == "new"

    edited.save(PROBE, edited.with_mark("mended"))
    edited.until(lambda: edited.served() == "mended")


def test_a_changed_document_is_in_force_and_a_wrong_one_changes_nothing(
    edited: EditedCheckout,
) -> None:
    document = json.loads(edited.original(DOCUMENT))
    before = document["settings"]["max_lines"]

    document["settings"]["max_lines"] = 7
    edited.save(DOCUMENT, json.dumps(document))
    edited.until(lambda: "config/dev is in force  " in edited.said(), 120)
    assert _lines_in_force(edited) == 7

    document["settings"]["max_lines"] = 0
    edited.save(DOCUMENT, json.dumps(document))
    edited.until(lambda: "config/dev is not right, what was in force stays" in edited.said(), 120)
    assert _lines_in_force(edited) == 7

    edited.save(DOCUMENT, edited.original(DOCUMENT))
    edited.until(lambda: _lines_in_force(edited) == before, 120)


def _lines_in_force(edited: EditedCheckout) -> Any:
    target = of_emulator(edited.cloud)
    place = deployed.place(target, "orders", ["settings"])
    served = deployed.served(target.client("appconfig"), place, "settings")
    assert served
    return json.loads(served.content)["max_lines"]


def test_the_tests_that_belong_to_the_last_save_run_on_request(edited: EditedCheckout) -> None:
    edited.save(PROBE, edited.with_mark("tested"))
    edited.until(lambda: edited.served() == "tested")
    edited.press("t")
    edited.until(lambda: "tests passed" in edited.said(), 120)
    assert "pytest tests/unit/order_views" in edited.said()

    domain = "lambdas/order_views/domain/order_view.py"
    served = edited.said().count("order_views serves")
    edited.save(domain, edited.original(domain).replace("placed", "misplaced"))
    edited.until(lambda: edited.said().count("order_views serves") > served)
    edited.press("t")
    edited.until(lambda: "tests failed" in edited.said(), 120)
    edited.save(domain, edited.original(domain))


def test_what_a_function_is_doing_ends_on_the_code_that_it_began_with(
    cloud: Cloud, tmp_path: Path
) -> None:
    begun, may_end = tmp_path / "begun", tmp_path / "may-end"
    functions = cloud.client("lambda")
    functions.create_function(
        FunctionName="slow",
        Runtime="python3.13",
        Role="arn:aws:iam::123456789012:role/any",
        Handler="code.handler",
        Timeout=20,
        Code={"ZipFile": _code("old", begun, may_end)},
    )
    answers: list[Any] = []
    calls = [threading.Thread(target=lambda: answers.append(_call(cloud))) for _ in range(2)]
    for number, call in enumerate(calls, start=1):
        call.start()  # the second one is a cold start of its own
        eventually(partial(_has_length, begun, number))
    functions.update_function_code(FunctionName="slow", ZipFile=_code("new", begun))
    assert _call(cloud) == "new"
    assert not answers
    may_end.touch()
    for call in calls:
        call.join()
    assert answers == ["old", "old"]


def test_an_invocation_on_both_sides_of_an_update_brings_no_old_code_back() -> None:
    # The emulator's own pool, in its own interpreter: its workers start no process before they are
    # called, and the order of events is given here, where it is a matter of microseconds there.
    script = """
import sys
sys.path.insert(0, sys.argv[1])
from ministack.core import lambda_runtime
import function_updates
function_updates.let_functions_finish(lambda_runtime)
function_updates.serve_the_present_code(lambda_runtime)
config = {"FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:any"}
def lend(code):
    return lambda_runtime.acquire_worker("any", config, code)[0]
old, new = b"old", b"new"
lambda_runtime.release_worker(lend(old))
lambda_runtime.invalidate_worker("any")
late = lend(old)  # its invocation has read the code before the update
during = lend(new)
lambda_runtime.release_worker(late)
after = lend(new)
lambda_runtime.release_worker(during)
print(late.code_zip, during.code_zip, after.code_zip, lend(new) is during)
"""
    answer = subprocess.run(
        [str(EMULATORS_PYTHON), "-I", "-c", script, str(CHECKOUT / "tools" / "emulator")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.split() == ["b'old'", "b'new'", "b'new'", "True"]


def _has_length(file: Path, characters: int) -> bool:
    return file.exists() and len(file.read_text()) == characters


def _call(cloud: Cloud) -> Any:
    answer = cloud.client("lambda").invoke(FunctionName="slow", Payload=b"{}")
    return json.loads(answer["Payload"].read())


def _code(answer: str, begun: Path, may_end: Path | None = None) -> bytes:
    """A handler that says in a file that it has begun, and waits for another one if it is named."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(
            "code.py",
            "import os, time\ndef handler(event, context):\n"
            f"    with open({str(begun)!r}, 'a') as file:\n        file.write('.')\n"
            f"    while not os.path.exists({str(may_end or begun)!r}):\n        time.sleep(0.02)\n"
            f"    return {answer!r}\n",
        )
    return content.getvalue()


@pytest.mark.nightly
def test_of_a_storm_of_saves_the_last_one_is_served(edited: EditedCheckout) -> None:
    for number in range(100):
        served = edited.said().count(SERVES)
        edited.save(PROBE, edited.with_mark(number))
        if number % 10 == 0:  # the nine others come while this one is being served, or just after
            edited.until(partial(_says_it_more_often, edited, SERVES, served))
    edited.until(lambda: edited.served() == 99)
    edited.until(lambda: _old_processes(edited) == 0, 60)


def _says_it_more_often(edited: EditedCheckout, what: str, than: int) -> bool:
    return edited.said().count(what) > than


def _old_processes(edited: EditedCheckout) -> int:
    """Processes of functions whose code is not that of the package any more."""
    current = (edited.root / PROBE).read_text()
    scratch = edited.root / ".local" / "scratch"
    inside = Path(PROBE).relative_to("lambdas")
    found = [it / "code" / inside for it in scratch.glob("ministack-lambda-*")]
    return sum(it.exists() and it.read_text() != current for it in found)


@pytest.mark.nightly
def test_a_half_written_file_a_deleted_and_a_renamed_handler_leave_what_was_served(
    edited: EditedCheckout,
) -> None:
    edited.save(PROBE, edited.with_mark("whole"))
    edited.until(lambda: edited.served() == "whole")
    text = edited.with_mark("half")
    with (edited.root / PROBE).open("w") as file:
        file.write(text[: text.index("def handler(") + 14])
        file.flush()
        edited.until(lambda: "goes on with its old code" in edited.said().split("serves")[-1])
        assert edited.served() == "whole"
        file.write(text[text.index("def handler(") + 14 :])
    edited.until(lambda: edited.served() == "half")

    (edited.root / PROBE).rename(edited.root / "lambdas/order_views/handlers/other.py")
    edited.until(lambda: f"{PROBE}: is gone" in edited.said())
    assert edited.served() == "half"
    (edited.root / "lambdas/order_views/handlers/other.py").unlink()
    edited.save(PROBE, edited.with_mark("back"))
    edited.until(lambda: edited.served() == "back")


@pytest.mark.nightly
def test_a_switched_branch_ends_with_all_of_it(edited: EditedCheckout) -> None:
    edited.save(PROBE, edited.with_mark("branch"))
    for package in ("orders", "sales", "inventory", "payments", "shipping", "customers"):
        file = f"lambdas/{package}/__init__.py"
        edited.save(file, edited.original(file) + "\n# another branch\n")
    stack = edited.original("stacks/sales.py")
    edited.save("stacks/sales.py", stack.replace('description="', 'description="Other: ', 1))
    before = edited.said()
    edited.until(lambda: "files changed at once" in edited.said(), 60)
    edited.until(lambda: f"{PRODUCT}-dev-sales updated" in edited.said(), 180)
    assert edited.served() == "branch"
    assert "stay as they are" not in edited.said()[len(before) :]


@pytest.mark.nightly
def test_git_switches_a_branch_there_and_back(edited: EditedCheckout) -> None:
    def git(*command: str) -> None:
        identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
        subprocess.run(["git", *identity, *command], cwd=edited.root, check=True)

    stack = "stacks/sales.py"
    edited.save(PROBE, edited.with_mark("first branch"))
    edited.save(stack, edited.original(stack))
    git("init", "--quiet", "--initial-branch=first")
    git("add", "lambdas", "stacks")
    git("commit", "--quiet", "--message=first")
    edited.until(lambda: edited.served() == "first branch", 60)

    git("switch", "--quiet", "--create=second")
    edited.save(PROBE, edited.with_mark("second branch"))
    for package in ("orders", "inventory", "payments", "shipping", "customers"):
        file = f"lambdas/{package}/__init__.py"
        edited.save(file, edited.original(file) + "\n# the second branch\n")
    git("commit", "--quiet", "--all", "--message=second")
    edited.until(lambda: edited.served() == "second branch", 120)

    git("switch", "--quiet", "first")
    edited.until(lambda: edited.served() == "first branch", 120)
    git("switch", "--quiet", "second")
    edited.until(lambda: edited.served() == "second branch", 120)
    assert "the last save is not served" not in edited.said()


@pytest.mark.nightly
def test_no_order_is_lost_while_the_handler_that_takes_them_is_saved(
    edited: EditedCheckout,
) -> None:
    file = "lambdas/orders/handlers/place_order.py"
    load = subprocess.Popen(
        [sys.executable, "-m", "tools.local", "load", "--rate", "2", "--duration", "20"],
        cwd=edited.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        for number in range(1000):
            if load.poll() is not None:
                break
            served = edited.said().count(ORDERS_SERVE)
            edited.save(file, f"{edited.original(file)}\n# save {number}\n")
            edited.until(partial(_is_served_or_over, edited, served, load))
        said, _ = load.communicate(timeout=60)
    finally:
        load.kill()
        load.wait()
    assert load.returncode == 0, said
    assert edited.said().count(ORDERS_SERVE) > 3


def _is_served_or_over(edited: EditedCheckout, before: int, load: subprocess.Popen[str]) -> bool:
    return load.poll() is not None or _says_it_more_often(edited, ORDERS_SERVE, before)


@pytest.mark.nightly
def test_make_dev_ends_what_it_started_and_nothing_is_left(tmp_path: Path) -> None:
    with EditedCheckout(tmp_path) as edited:
        assert edited.end() == 130
        assert edited.emulator.pids == []
        assert "Traceback" not in edited.said()
