"""`make canary ENV=prod SERVICE=orders`: watches a service that was deployed, as its pipeline does.

The state machine in the service's account looks at its alarms. This starts it and waits for what it
says.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from tools.base import region
from tools.base.target import ENVIRONMENTS, Target, account
from tools.base.terminal import say, show_errors_plainly
from tools.delivery.filters import delivered
from tools.delivery.places import canary_name
from tools.delivery.target import WATCHED

PAUSE_SECONDS = 15.0


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 1 if an alarm rings, or nothing could be asked."""
    parser = argparse.ArgumentParser(prog="python -m tools.delivery", description=__doc__)
    parser.add_argument("--environment", choices=ENVIRONMENTS, required=True)
    parser.add_argument("--region")
    parser.add_argument("--service", required=True)
    options = parser.parse_args(arguments)
    names = [it.name for it in delivered()]
    if options.service not in names:
        say(
            f"canary: no service {options.service!r}: there are {', '.join(names)}", file=sys.stderr
        )
        return 1
    try:
        target = account(options.environment, region.chosen(options.region))
        return watch(target, options.service)
    except (ClientError, BotoCoreError) as error:
        say(f"canary: {error}", file=sys.stderr)
        return 1


def watch(target: Target, service: str, pause: float = PAUSE_SECONDS) -> int:
    """Start a service's canary and wait for its end; 0 if its alarms stay quiet."""
    states = target.client("stepfunctions")
    number = target.client("sts").get_caller_identity()
    partition = number["Arn"].split(":")[1]
    machine = (
        f"arn:{partition}:states:{target.region}:{number['Account']}:stateMachine:"
        f"{canary_name(service)}"
    )
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    say(f"The alarms of {service} are watched for {WATCHED.to_minutes():.0f} minutes: {execution}")
    while True:
        found = states.describe_execution(executionArn=execution)
        if found["status"] == "SUCCEEDED":
            say("None has rung.")
            return 0
        if found["status"] != "RUNNING":
            say(
                f"canary: {found['status']}: {found.get('cause', 'no cause given')}",
                file=sys.stderr,
            )
            return 1
        time.sleep(pause)


if __name__ == "__main__":
    show_errors_plainly()
    sys.exit(main())
