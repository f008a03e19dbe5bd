"""What causes faults is a tool of the developer's machine: nothing that is deployed knows of it."""

from __future__ import annotations

from bundling.workspace import ROOT
from tools.emulator import engine_forwarding, engine_throttling

DEPLOYED = ("lambdas/**/*.py", "stacks/**/*.py", "tests/infra/__snapshots__/**/*.json")
WORDS = (engine_forwarding.PATH.strip("/"), engine_throttling.PATH, "local.faults")


def test_no_template_function_or_stack_names_the_fault_process() -> None:
    files = [path for pattern in DEPLOYED for path in ROOT.glob(pattern)]
    assert len(files) > 200
    found = [(path, word) for path in files for word in WORDS if word in path.read_text("utf-8")]
    assert found == []


def test_no_template_allows_webhooks_to_go_to_the_functions_own_machine() -> None:
    allowed = ("LOOPBACK_RECEIVERS", "AWS_ENDPOINT_URL")
    files = [path for pattern in DEPLOYED[1:] for path in ROOT.glob(pattern)]
    assert len(files) > 60
    found = [(path, it) for path in files for it in allowed if it in path.read_text("utf-8")]
    assert found == []


def test_the_app_speaks_to_it_in_one_place_under_the_emulators_own_path() -> None:
    named = [
        path.name
        for path in (ROOT / "web" / "src").rglob("*.ts*")
        if engine_forwarding.PATH in path.read_text("utf-8") and path.name != "api.ts"
    ]
    assert named == ["faults.ts"]
