"""The templates of every environment, for the snapshots: made by two processes, or of few services.

`python -m tools.generate.synthesis prod` prints those of an environment as JSON, by service.
"""

from __future__ import annotations

import json
import subprocess
import sys
import traceback
from collections.abc import Collection

from tools.base.assembly import service_of
from tools.base.target import ENVIRONMENTS
from tools.base.templates import EVERYTHING, templates
from tools.base.workspace import CHECKOUT
from tools.generate.snapshots import Templates

_EVIDENCE = 3000
"""Characters of what a failed synthesis has said."""


class NotSynthesized(Exception):
    """The templates cannot be made; the message ends with what the app has said."""


def of_all(services: Collection[str] | None = None) -> dict[str, Templates]:
    """Each environment's templates, or those of some services alone.

    Raises:
        NotSynthesized: the app refuses to make them.
    """
    first, *others = ENVIRONMENTS
    if services is not None:  # less work than to load the CDK once more
        return {it: _made(it, services) for it in ENVIRONMENTS}
    command = [sys.executable, "-m", "tools.generate.synthesis", *others]
    with subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as beside:
        try:
            own = _made(first)
        except BaseException:
            beside.kill()
            raise
        printed, said = beside.communicate()
    if beside.returncode:
        raise NotSynthesized(said[-_EVIDENCE:])
    return {first: own, **json.loads(printed)}


def _made(environment: str, services: Collection[str] | None = None) -> Templates:
    try:
        found = templates(environment, EVERYTHING, services)
    except Exception as error:  # whatever the stacks' code raises
        raise NotSynthesized(traceback.format_exc()[-_EVIDENCE:]) from error
    return {service_of(stack, environment): template for stack, template in found.items()}


if __name__ == "__main__":
    json.dump({it: _made(it) for it in sys.argv[1:]}, sys.stdout)
