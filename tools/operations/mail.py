"""Whether an environment's mail can ever leave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from stacks.mail_domain import MAIL_DOMAIN, somebody_can_own
from stacks.partitions import MAIL
from stacks.stage import stage_named
from tools.base.errors import OperationFailed

if TYPE_CHECKING:
    from rich.console import Console

    from tools.base.target import Target

CONTEXT = Path(__file__).resolve().parents[2] / "cdk.json"


def check(target: Target, console: Console, context: Path = CONTEXT) -> None:
    """Say what domain mail comes from, before anything is deployed.

    Raises:
        OperationFailed: nobody can ever verify it. SES would refuse all mail, order by order.
    """
    named = json.loads(context.read_text("utf-8"))["context"]
    # Nothing but whether it sends mail is asked, which no region changes.
    sends_mail = stage_named(target.environment, "cloud", "").sends_mail
    if not sends_mail or named.get(MAIL) == "outbox":
        console.print(f"{target.environment} sends no mail: what customers would get is kept")
        return
    domain = str(named[MAIL_DOMAIN])
    if not somebody_can_own(domain):
        raise OperationFailed(
            f"{target.environment} would send mail from {target.environment}.{domain}, a name that "
            f"nobody can own, so that SES refuses all of it. Name a domain of yours before you "
            f'deploy: "{MAIL_DOMAIN}" in the context of cdk.json. Or keep what customers would get '
            f'in a table: "{MAIL}": "outbox"'
        )
    console.print(
        f"mail comes from {target.environment}.{domain}; the stack's outputs name the DNS records"
    )
