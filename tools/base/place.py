"""Which system a command works on: an environment of an account, or what `make up` started."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tools.base import region
from tools.base.target import ENVIRONMENTS, Target, account, offline
from tools.base.workspace import Workspace

if TYPE_CHECKING:
    from botocore.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``--environment``, without which a command works offline, and what goes with either."""
    parser.add_argument("--environment", choices=ENVIRONMENTS, help="of an account")
    add_where(parser)


def add_where(parser: argparse.ArgumentParser) -> None:
    """``--region`` of an account, ``--workspace`` of what is offline."""
    parser.add_argument("--region", help="of the account; else AWS_REGION's, else cdk.json's")
    parser.add_argument("--workspace", type=Path, default=Workspace().root, metavar="FOLDER")


def target_of(options: argparse.Namespace, calls: Config) -> Target:
    """What these arguments name; ``calls`` is how an account is asked. Raises as both do."""
    if options.environment:
        return account(options.environment, region.chosen(options.region), calls)
    return offline(options.workspace)
