"""`make audit`: fails for a finding without a reason, and for a reason without a finding."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from contracts.product import PRODUCT
from tools.base.target import ENVIRONMENTS
from tools.base.templates import EVERYTHING, templates
from tools.checks.audit.accepted import FILE, Judgement, judge, read
from tools.checks.audit.errors import AuditError
from tools.checks.audit.tools import findings, install


def main() -> int:
    """Return the exit status: 1 if there is something to do."""
    os.environ["CDK_VALIDATION"] = "false"  # the project's own rules have their own tests
    console = Console(highlight=False, markup=False)
    try:
        accepted = read()
        install(console.print)
        with tempfile.TemporaryDirectory(prefix=f"{PRODUCT}-audit-") as folder:
            for environment in ENVIRONMENTS:
                for stack, template in templates(environment, EVERYTHING).items():
                    (Path(folder) / f"{stack}.template.json").write_text(json.dumps(template))
            found = findings(Path(folder))
    except AuditError as error:
        Console(stderr=True, markup=False).print(f"audit: {error}", style="red")
        return 1
    judgement = judge(found, accepted)
    _show(judgement, console)
    return 0 if judgement.is_clean else 1


def _show(judgement: Judgement, console: Console) -> None:
    table = Table("tool", "rule", "on", "found", "accepted, because")
    for kind, count in sorted(judgement.counts.items(), key=lambda it: (it[0].tool, it[0].rule)):
        table.add_row(kind.tool, kind.rule, kind.type, str(count), kind.reason)
    console.print(table)
    for finding in judgement.new:
        console.print(f"NEW     {finding}")
    for reason in judgement.unused:
        console.print(f"UNUSED  {reason}")
    if judgement.is_clean:
        console.print(f"audit: clean in {', '.join(ENVIRONMENTS)}")
    else:
        console.print(
            f"audit: {len(judgement.new)} findings have no reason, {len(judgement.unused)} reasons "
            f"have no finding. Correct the templates, or add a reason to {FILE.name}."
        )


if __name__ == "__main__":
    sys.exit(main())
