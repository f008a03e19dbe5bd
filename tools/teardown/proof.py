"""The last word of a teardown: whether anything of the environment is still billed."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tools.base.target import Target
from tools.base.terminal import say
from tools.teardown.remains import Remainder, remainders
from tools.teardown.stacks import ARCHIVE_COPY, DeployedStack, copies, deployed


def show_what_is_left_behind(found: Iterable[Remainder]) -> None:
    """Say before a teardown what an earlier one, or a failed deployment, has left in no stack."""
    billed = [it for it in found if it.costs]
    for it in billed:
        say(f"left behind: {it.arn}: {it.why}")
    if billed:
        say("No teardown deletes these: their stacks are gone, and they may hold data.\n")


def prove(target: Target, copy: Target | None, *, announced: Collection[str]) -> int:
    """Ask anew what is there, and say what of it is billed; the exit status.

    It is 1 if something is billed that was not ``announced``, by its name, as something that stays.
    """
    stacks: list[DeployedStack] = deployed(target, target.environment)
    found = remainders(target, stacks)
    if copy is not None:
        far = copies(copy, copy.environment)
        stacks, found = [*stacks, *far], [*found, *remainders(copy, far, ARCHIVE_COPY)]
    billed = [it for it in found if it.costs]
    say("\nAsked for stacks, for all that has the environment's tags, and for its log groups:")
    for stack in stacks:
        say(f"  billed   the stack {stack.name}, {stack.status}: {len(stack.resources)} resources")
    for it in found:
        until = f"; until {it.until:%Y-%m-%d}" if it.until else ""
        say(f"  {'billed' if it.costs else 'free':8} {it.arn}: {it.why}{until}")
    if not stacks and not billed:
        say(f"Nothing of {target.environment} is billed any more: {target.name}.")
        return 0
    say(f"{len(stacks)} stacks and {len(billed)} other resources of it are still billed.")
    return int(any(not any(name in it.arn for name in announced if name) for it in billed))
