"""Every wrong import is a broken contract, in a small tree whose services nobody has listed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path

from tools.checks.layers.contracts import write

RIGHT = {
    "lambdas/shared/runtime/clock.py": "",
    "lambdas/shared/messaging/envelope.py": "from shared.runtime import clock",
    "lambdas/shared/messaging/log.py": "",
    "lambdas/shared/event_sourcing/changing.py": "from shared.messaging import envelope",
    "lambdas/shared/read_models/projector.py": "from shared.messaging import envelope",
    "lambdas/sales_language/events.py": "from shared.messaging import envelope",
    "lambdas/sales/domain/sales.py": "import dataclasses",
    "lambdas/sales/domain/other.py": "",
    "lambdas/sales/ports.py": "from sales.domain import sales",
    "lambdas/sales/commands.py": "from sales import ports",
    "lambdas/sales/queries.py": "from sales import ports",
    "lambdas/sales/adapters/table.py": "import boto3\nfrom sales import ports",
    "lambdas/sales/environment.py": "",
    "lambdas/sales/configuration.py": "",
    "lambdas/sales/handlers/sell.py": "from sales import commands, environment",
    "lambdas/refunds/handlers/refund.py": "from sales_language import events",
    "containers/quoting/domain/quotes.py": "",
    "containers/quoting/handlers/serve.py": "from sales_language import events",
    "stacks/partitions.py": "",
    "stacks/concurrency.py": "",
    "stacks/stage.py": "from stacks import partitions",
    "stacks/constructs/service_stack.py": "from contracts import messages",
    "stacks/services.py": "",
    "stacks/sales.py": (
        "from stacks import sales_tables, services\n"
        "from stacks.constructs import service_stack\n"
        'SERVICE = Service(name="sales", owner="a", purpose="b")'
    ),
    "stacks/sales_tables.py": "from stacks import stage",
    "stacks/refunds.py": (
        "from stacks import services\nSERVICE = Service(name='refunds', owner='a', purpose='b')"
    ),
    "stacks/system.py": "from stacks import refunds, sales",
    "bundling/build.py": "",
    "contracts/messages.py": "",
    "tools/base/target.py": "from stacks import system",
    "tools/toolchain/setup.py": "",
    "tools/containers/proto.py": "from tools.base import target",
    "tools/emulator/engine.py": "from tools.base import target",
    "tools/operations/parked.py": "from shared.read_models import projector",
    "tools/configuration/flags.py": "",
    "tools/local/tour.py": "from tools.operations import parked",
    "tools/affected/selection.py": "",
    "tools/delivery/filters.py": "from tools.affected import selection",
    "tools/recovery/restore.py": "",
    "tools/docgen/page.py": "",
    "tools/generator/names.py": "",
    "tools/measure/costs.py": "",
    "tools/checks/layers.py": "",
    "tools/smoke/check.py": "",
    "tools/dev/watching.py": "",
    "tools/doctor/machine.py": "",
    "tools/release/execution.py": "",
    "tools/quote/asking.py": "from tools.local import tour",
    "tools/rename/plan.py": "",
    "tools/kubernetes/lock.py": "",
    "tools/generate/products.py": "from tools.docgen import page",
    "tools/teardown/plan.py": "",
    "tools/simulation/run.py": "from tools.generate import products",
}
WRONG = {
    "One service never imports another": {
        "lambdas/refunds/handlers/refund.py": "from sales import commands",
        "containers/quoting/handlers/serve.py": "from refunds import handlers",
    },
    "The kit knows no service and no language": {
        "lambdas/shared/runtime/clock.py": "from sales import ports",
        "lambdas/shared/read_models/projector.py": "from sales_language import events",
    },
    "Layers of the kit": {"lambdas/shared/runtime/clock.py": "from shared.messaging import log"},
    "A published language knows no service": {
        "lambdas/sales_language/events.py": "from sales.domain import sales",
    },
    "Layers of each service": {
        "lambdas/sales/commands.py": "from sales.adapters import table",
        "lambdas/sales/queries.py": "from sales import commands",
        "lambdas/refunds/utils.py": "",
    },
    "A domain imports the standard library alone": {
        "lambdas/sales/domain/sales.py": "import boto3",
        "lambdas/sales/domain/other.py": "from shared.runtime import clock",
        "containers/quoting/domain/quotes.py": "import boto3",
    },
    "No function knows what deploys or operates it": {
        "lambdas/sales/handlers/sell.py": "from stacks import partitions",
    },
    "Stacks and packages know no function's code": {
        "stacks/sales.py": "from sales import environment",
    },
    "Layers of the folders": {"contracts/messages.py": "from tools.toolchain import setup"},
    "Layers of the stacks": {
        "stacks/refunds.py": "from stacks import sales",
        "stacks/constructs/service_stack.py": "from stacks import refunds",
        "stacks/nobodys.py": "",
    },
    "What is a part of stacks.sales is nobody else's": {
        "stacks/refunds.py": "from stacks import sales_tables",
    },
    "Layers of the tools": {
        "tools/operations/parked.py": "from tools.local import tour",
        "tools/strings/words.py": "",
    },
    "No circle anywhere": {
        "tools/measure/prices.py": "from tools.measure import costs",
        "tools/measure/costs.py": "from tools.measure import prices",
    },
}
"""By contract, what breaks it: a line more in a file, or a file that has no place."""


def checked(tree: Path, files: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """What import-linter says of each contract that these files break, by its name."""
    for name, lines in files.items():
        file = tree / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines) + "\n")
        for folder in file.relative_to(tree).parents:
            if folder.as_posix() not in (".", "lambdas", "containers", "contracts"):
                (tree / folder / "__init__.py").touch()
    written = tree / "importlinter.ini"
    write(tree, written)
    linter = Path(sys.executable).with_name("lint-imports")
    answer = subprocess.run(
        [linter, "--config", written, "--no-logo", "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": f"{tree}/lambdas:{tree}/containers", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    broken = re.findall(r"^(.+) BROKEN", answer.stdout, re.MULTILINE)
    assert (answer.returncode == 0) == (not broken), answer.stdout + answer.stderr
    details = re.split(r"^(.+)\n-{4,}\n", answer.stdout, flags=re.MULTILINE)
    said = dict(pairwise(details))
    return {name: said[name] for name in broken}


def module(file: str) -> str:
    """The dotted name of a module."""
    return (
        file.removeprefix("lambdas/")
        .removeprefix("containers/")
        .removesuffix(".py")
        .replace("/", ".")
    )


def shown(contract: str, file: str, line: str) -> str:
    """How import-linter names the import, or the file without a place."""
    name = module(file)
    if not line:
        return name.rpartition(".")[0] if file.startswith("tools/") else name
    if contract == "No circle anywhere":
        return f"No cycles are allowed in {name.rpartition('.')[0]}."
    imported = re.sub(r"from (\S+) import (\S+)", r"\1.\2", line).removeprefix("import ")
    return f"{name} -> {imported}"


def test_a_tree_that_keeps_to_the_layers_breaks_nothing(tmp_path: Path) -> None:
    assert checked(tmp_path, {file: [line] for file, line in RIGHT.items()}) == {}


def test_each_wrong_move_breaks_its_contract(tmp_path: Path) -> None:
    files = {file: [line] for file, line in RIGHT.items()}
    for moves in WRONG.values():
        for file, line in moves.items():
            files.setdefault(file, []).append(line)
    said = checked(tmp_path, files)
    assert said.keys() == WRONG.keys()
    for contract, moves in WRONG.items():
        for file, line in moves.items():
            expected = shown(contract, file, line)
            assert expected in said[contract], f"{contract}: {said[contract]}"
