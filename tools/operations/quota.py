"""Whether an account can still run as many functions at once as an environment needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contracts.product import PRODUCT
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
    less. What other functions have reserved is not there for this environment, and an environment
    that is deployed beside it needs its own share.

    Raises:
        OperationFailed: they are too few. Queues would wait, reservations would be refused in the
            middle of a deployment, and APIs would answer 500.
    """
    functions = target.client("lambda")
    limits = functions.get_account_settings()["AccountLimit"]
    allowed, needed = limits["ConcurrentExecutions"], NEEDED[target.environment]
    reserved = _reserved_by_environment(functions)
    others = sorted(reserved.keys() - {target.environment})
    taken_by_strangers = allowed - limits["UnreservedConcurrentExecutions"] - sum(reserved.values())
    left = allowed - taken_by_strangers - sum(NEEDED[it] for it in others)
    taken = [f"{it} needs {NEEDED[it]}" for it in others]
    if taken_by_strangers:
        taken.append(f"functions of nobody here have reserved {taken_by_strangers}")
    runs = f"the account runs {allowed} functions at once in this region"
    if taken:
        runs += f", of which {', '.join(taken)}: {left} are left"
    if left < needed:
        raise OperationFailed(
            f"{runs}, and {target.environment} needs {needed}. Ask for more before you deploy: "
            f"aws service-quotas request-service-quota-increase --service-code lambda "
            f"--quota-code {QUOTA} --desired-value {max(allowed - left + needed, 1000)}"
        )
    console.print(f"{runs}; {needed} are needed")


def _reserved_by_environment(functions: Any) -> dict[str, int]:
    """What each environment that is deployed here has reserved; nothing is 0."""
    reserved: dict[str, int] = {}
    for page in functions.get_paginator("list_functions").paginate():
        for name in (it["FunctionName"] for it in page["Functions"]):
            environment = _environment_of(name)
            if environment is not None:
                kept = functions.get_function_concurrency(FunctionName=name)
                before = reserved.get(environment, 0)
                reserved[environment] = before + kept.get("ReservedConcurrentExecutions", 0)
    return reserved


def _environment_of(function: str) -> str | None:
    """By its name, which CloudFormation begins with the stack's; None: it is somebody else's."""
    return next((it for it in NEEDED if function.startswith(f"{PRODUCT}-{it}-")), None)
