"""`python -m tools.teardown`: shows what a teardown would do; with --confirm, does it."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from contracts.product import PRODUCT
from tools.base import region
from tools.base.endpoint import Cloud
from tools.base.errors import OfflineError
from tools.base.region import Region
from tools.base.target import ENVIRONMENTS, Target, account, of_emulator
from tools.base.terminal import say, show_errors_plainly
from tools.teardown.deletion import Outcome, delete
from tools.teardown.errors import NotConfirmed, StillProtected, TeardownError
from tools.teardown.plan import StackPlan, Stays, plan
from tools.teardown.proof import prove, show_what_is_left_behind
from tools.teardown.remains import remainders
from tools.teardown.stacks import DeployedStack, copies, deployed


def main(arguments: list[str] | None = None) -> int:
    """Return the exit status: 1 if something is wrong or could not be deleted, 130 on Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        return _teardown(options)
    except (TeardownError, OfflineError, ClientError, BotoCoreError) as error:
        say(f"teardown: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say(
            "\nteardown: interrupted. CloudFormation finishes the stack that it is at; the others "
            "are untouched. Run the same command again to go on.",
            file=sys.stderr,
        )
        return 130


def _teardown(options: argparse.Namespace) -> int:
    target = _target(options, region.chosen(options.region))
    say(f"Looking for stacks: {target.name}.")
    stacks = deployed(target, options.environment)
    copy = _target_of_the_copy(options, target)
    elsewhere = copies(copy, options.environment) if copy else []
    if not stacks and not elsewhere:
        say(f"There is no stack, so there is nothing to do: {target.name}.")
        return prove(target, copy, announced=frozenset())
    now = datetime.now(UTC)
    plans = [plan(target, stack, now) for stack in stacks]
    far_plans = [plan(copy, stack, now) for stack in elsewhere] if copy else []
    say(f"{target.name}: {len(plans)} stacks, in this order\n")
    for each in plans:
        _show(each)
    if copy and far_plans:
        say(f"and the copy of its archive, in region {copy.region}\n")
        for each in far_plans:
            _show(each)
    show_what_is_left_behind(remainders(target, stacks))
    _show_what_no_teardown_touches()
    if not options.confirm:
        say("Nothing was deleted. With --confirm (or make destroy CONFIRM=yes) it will be.")
        return 0
    _refuse_if_protected(
        [(it, target.region) for it in stacks]
        + [(it, copy.region) for it in elsewhere if copy is not None]
    )
    if not options.yes:
        _ask(options.environment)
    outcome = delete(target, plans, say)
    if copy and far_plans:
        outcome = outcome.with_those_of(delete(copy, far_plans, say))
    announced = frozenset(it.what.rpartition(" ")[2] for it in _left(outcome, [*plans, *far_plans]))
    return max(_report(outcome, [*plans, *far_plans]), prove(target, copy, announced=announced))


def _target(options: argparse.Namespace, chosen: Region) -> Target:
    if options.endpoint:
        emulator = of_emulator(Cloud(options.endpoint), options.environment)
        return replace(emulator, region=chosen.name)
    return account(options.environment, chosen)


def _target_of_the_copy(options: argparse.Namespace, target: Target) -> Target | None:
    """Where the archive is replicated to, if that is another region."""
    there = options.archive_region or region.of_archive()
    return _target(options, Region(there, "the archive")) if there != target.region else None


def _show(each: StackPlan) -> None:
    say(each.stack.name + ("  (termination protection is on)" if each.stack.protected else ""))
    if each.waits_until:
        say(
            f"  waits    it holds locked objects until {each.waits_until:%Y-%m-%d %H:%M} UTC, and "
            "their key with them: run this again then"
        )
    types = [f"{count} {_short(type)}" for type, count in sorted(each.goes.items())]
    say(f"  deletes  {', '.join(types) or 'nothing'}")
    for emptied in each.empties:
        say(f"  empties  {emptied.bucket}: {emptied.contents}")
    for stays in each.stays:
        say(f"  stays    {_described(stays)}")
    say()


def _described(stays: Stays) -> str:
    until = f"{stays.until:%Y-%m-%d}" if stays.until else "somebody deletes it by hand"
    return f"{stays.what}: {stays.why}; until {until}"


def _show_what_no_teardown_touches() -> None:
    say(
        "Not touched: the bootstrap stack CDKToolkit with its assets, which every CDK app of the "
        f"account shares,\nthe stack {PRODUCT}-account, by whose role every environment's "
        "APIs log,\nand whatever the stacks did not make.\n"
    )


def _refuse_if_protected(stacks: list[tuple[DeployedStack, str]]) -> None:
    protected = [(stack.name, place) for stack, place in stacks if stack.protected]
    if protected:
        commands = "\n".join(
            "  aws cloudformation update-termination-protection --no-enable-termination-protection "
            f"--stack-name {name} --region {place}"
            for name, place in protected
        )
        raise StillProtected(
            "termination protection is on; remove it by hand if you want to delete these stacks:\n"
            f"{commands}"
        )


def _ask(environment: str) -> None:
    say(f"Type {environment} to delete all this: ", end="")
    if sys.stdin.readline().strip() != environment:
        raise NotConfirmed("nothing was deleted: the name was not typed")


def _report(outcome: Outcome, plans: list[StackPlan]) -> int:
    say(f"\n{len(outcome.deleted)} of {len(plans)} stacks deleted.")
    left = _left(outcome, plans)
    for stays in left:
        if stays.until is None:
            say(f"  stays    {_described(stays)}")
    if last := max((it.until for it in left if it.until), default=None):
        say(
            f"  Everything else that stays is deleted by itself, the last of it on {last:%Y-%m-%d}."
        )
    for heading, names in (("kept", outcome.kept), ("failed", outcome.failed)):
        for name, why in names.items():
            say(f"  {heading:<8} {name}: {why}")
    if outcome.failed:
        say("Some stacks could not be deleted: repair what they name, and run this again.")
    return 1 if outcome.failed else 0


def _left(outcome: Outcome, plans: list[StackPlan]) -> list[Stays]:
    return [it for each in plans if each.stack.name in outcome.deleted for it in each.stays]


def _short(type: str) -> str:
    return type.removeprefix("AWS::").replace("::", " ")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.teardown", description=__doc__)
    parser.add_argument("--environment", choices=ENVIRONMENTS, required=True)
    parser.add_argument("--confirm", action="store_true", help="delete; without it, only show")
    parser.add_argument("--yes", action="store_true", help="do not ask for the environment's name")
    parser.add_argument(
        "--archive-region", help="where the archive's copy is; default: cdk.json's archive_region"
    )
    parser.add_argument("--region", help="default: AWS_REGION's, else cdk.json's")
    parser.add_argument(
        "--endpoint",
        metavar="URL",
        help="the emulator's address, such as http://127.0.0.1:4566, in place of an account",
    )
    return parser


if __name__ == "__main__":
    show_errors_plainly()
    sys.exit(main())
