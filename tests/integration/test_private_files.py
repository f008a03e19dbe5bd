"""What a running system keeps is for its owner alone, whatever umask it was started under."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.base.workspace import OTHERS, Workspace
from tools.emulator.configuration_agent import ConfigurationAgent
from tools.emulator.emulator import Emulator
from tools.emulator.payment_provider import PaymentProvider
from tools.local import tokens


@pytest.fixture(params=[0o000, 0o022], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_nobody_else_reads_what_a_system_keeps(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / ".local")
    emulator = Emulator(workspace.root, persistence=True)
    emulator.start()
    try:
        for provider in PaymentProvider.all_of(workspace):
            provider.start(persistence=True)
            provider.issue_key()
        ConfigurationAgent(workspace).start(emulator.endpoint)
        emulator.cloud.client("cognito-idp").create_user_pool(PoolName="kept")
        tokens.password(workspace)
    finally:
        emulator.stop()
    kept = [workspace.root, *workspace.root.rglob("*")]
    names = {it.name for it in kept}
    assert {"emulator.json", "emulator.log", "cognito.json", "demo-password"} <= names, names
    assert {"payment-provider-primary.log", "payment-provider-backup.json"} <= names, names
    readable = [it for it in kept if it.lstat().st_mode & OTHERS and not it.is_symlink()]
    assert [f"{it} {stat.filemode(it.stat().st_mode)}" for it in readable] == []
    assert workspace.root.stat().st_mode & stat.S_IRWXU == stat.S_IRWXU
