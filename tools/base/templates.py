"""The templates as ``cdk synth`` makes them for the cloud, but for the digests of packages."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from bundling.workspace import unbuilt
from contracts.product import PRODUCT
from tools.base.assembly import Assembly
from tools.base.workspace import CHECKOUT

CDK_JSON = CHECKOUT / "cdk.json"
EVERYTHING = {"containers": "true"}
"""The context in which nothing is left out: what documents are about, and what is checked."""


def templates(
    environment: str,
    context: Mapping[str, str] | None = None,
    services: Collection[str] | None = None,
) -> dict[str, dict[str, Any]]:
    """Each stack's template by the stack's name, of one environment.

    ``context`` switches on what is off unless it is asked for, as ``cdk deploy --context`` does.
    ``services`` are the only ones whose templates are made: the rest takes its time.

    Raises:
        ValueError: there is no such environment.
    """
    from aws_cdk import App  # half a second, which prices alone do not need

    from stacks.stage import from_context
    from stacks.system import build

    values = {
        **json.loads(CDK_JSON.read_text())["context"],
        "aws:cdk:enable-path-metadata": True,  # which the CLI sets
        **(context or {}),
        "environment": environment,
    }
    with tempfile.TemporaryDirectory(prefix=f"{PRODUCT}-costs-") as folder, unbuilt():
        app = App(outdir=folder, context=values)
        build(app, from_context(app), services)
        assembly = Assembly(Path(app.synth().directory))
        return {stack.name: stack.template for stack in assembly.stacks}
