"""No environment is deployed whose spans X-Ray would refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools.base.errors import OperationFailed
from tools.base.target import Target
from tools.base.terminal import Terminal
from tools.operations import spans
from tools.operations.__main__ import main

X_RAY = "https://xray.eu-west-1.amazonaws.com/v1/traces"


class XRay:
    """An account whose segments go there."""

    def __init__(self, destination: str, status: str = "ACTIVE") -> None:
        self._answer = {"Destination": destination, "Status": status}

    def get_trace_segment_destination(self) -> dict[str, str]:
        return self._answer


def check(folder: Path, x_ray: XRay | None, **context: str) -> str:
    cdk_json = folder / "cdk.json"
    cdk_json.write_text(json.dumps({"context": context}))
    console = Terminal(width=240, record=True)

    def client(service: str) -> Any:
        assert service == "xray"
        assert x_ray is not None, "nothing is to be called"
        return x_ray

    spans.check(Target("an account", "prod", client, is_offline=False), console, cdk_json)
    return console.export_text()


def test_the_daemon_needs_nothing_of_the_account(tmp_path: Path) -> None:
    assert "X-Ray daemon" in check(tmp_path, None)
    assert "collector.example" in check(
        tmp_path, None, spans_endpoint="https://collector.example/v1/traces"
    )


def test_x_rays_endpoint_needs_transaction_search(tmp_path: Path) -> None:
    on = check(tmp_path, XRay("CloudWatchLogs"), spans_endpoint=X_RAY)
    assert "Transaction Search is on" in on
    with pytest.raises(OperationFailed, match=r"Transaction Search is off.*--destination Cloud"):
        check(tmp_path, XRay("XRay"), spans_endpoint=X_RAY)
    with pytest.raises(OperationFailed, match="PENDING"):
        check(tmp_path, XRay("CloudWatchLogs", "PENDING"), spans_endpoint=X_RAY)


def test_it_is_asked_by_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cdk.json").write_text(json.dumps({"context": {"spans_endpoint": X_RAY}}))
    monkeypatch.setattr(spans.check, "__defaults__", (tmp_path / "cdk.json",))
    target = Target("an account", "prod", lambda _service: XRay("XRay"), is_offline=False)
    monkeypatch.setattr("tools.base.place.account", lambda *_arguments: target)
    assert main(["--environment", "prod", "spans"]) == 1
    assert "Transaction Search is off" in capsys.readouterr().err
