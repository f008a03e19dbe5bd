"""Whether an account may run as many functions at once as an environment needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stacks.concurrency import NEEDED
from tools.base.errors import OperationFailed

if TYPE_CHECKING:
    from rich.console import Console

    from tools.base.target import Target

QUOTA = "L-B99A9384"
"""Service Quotas' code of Lambda's concurrent executions."""


def check(target: Target, console: Console) -> None:
    """Say how many functions may run at once, before anything is deployed.

    Lambda itself is asked, since Service Quotas shows what was granted and a new account may have
    less.

    Raises:
        OperationFailed: they are too few. Queues would wait, reservations would be refused in the
            middle of a deployment, and APIs would answer 500.
    """
    limits = target.client("lambda").get_account_settings()["AccountLimit"]
    allowed, needed = limits["ConcurrentExecutions"], NEEDED[target.environment]
    if allowed < needed:
        raise OperationFailed(
            f"the account runs {allowed} functions at once in this region, and "
            f"{target.environment} needs {needed}. Ask for more before you deploy: "
            f"aws service-quotas request-service-quota-increase --service-code lambda "
            f"--quota-code {QUOTA} --desired-value {max(needed, 1000)}"
        )
    console.print(f"the account runs {allowed} functions at once; {needed} are needed")
