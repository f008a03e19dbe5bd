"""What a function's variables, and any template, may hold: names and addresses, and no secret."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.infra.rules import Rule
from tests.infra.system import Resource, System, own_functions

LIMITS = re.compile(r"QUEUE_ATTEMPTS|\w+_DEADLINE|\w+_SECONDS")
"""Numbers that the template's own resources hold too: a queue's attempts, a machine's timeout."""
SHARE = re.compile(r"0\.[0-9]{1,4}|[01]")
ADDRESSES = {
    "_ORIGIN": re.compile(r"https://[a-z0-9.-]+|http://localhost:[0-9]+"),  # a browser's
    "_AGENT_URL": re.compile(r"http://localhost:[0-9]+"),  # beside the function
    "_URL": re.compile(r"https://[a-z0-9.-]+(/[a-z0-9/-]*)?"),
    "_FROM": re.compile(r"[a-z-]+@[a-z0-9.-]+"),  # an identity of the mail service
    "_PATH": re.compile(r"(/[a-z0-9-]+)+"),  # of parameters
}
"""By the ending of the variable's name."""
NAME = re.compile(r"[A-Za-z][A-Za-z0-9._/-]{0,127}")
CREDENTIAL_NAME = re.compile(
    r"(PASSWORD|PASSPHRASE|TOKEN|CREDENTIALS?|API_?KEY|PRIVATE_KEY|SECRET)$"
)
CREDENTIAL = re.compile(
    r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}\b"
    r"|\b[a-z]+://[^/\s:@]+:[^/\s@]+@"  # a user and a password in an address
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ"
    r"|\{\{resolve:(secretsmanager|ssm-secure):"  # CloudFormation would write the value itself
)


def variables_hold_names_and_arns_only(system: System) -> Iterator[str]:
    """Whoever may see a function's configuration sees no secret and no tuning."""
    for function in own_functions(system):
        for name, value in variables_of(function).items():
            if CREDENTIAL_NAME.search(name):
                yield f"{function}: {name} is named like a credential"
            if isinstance(value, str) and not (
                NAME.fullmatch(value)
                or (LIMITS.fullmatch(name) and value.isdecimal())
                or (name == "TRACE_SHARE" and SHARE.fullmatch(value))  # alike for all services
                or name == "MESSAGE_SOURCES"  # services' names: the bus's rules compare them
                or any(name.endswith(it) and ADDRESSES[it].fullmatch(value) for it in ADDRESSES)
            ):
                yield f"{function}: {name} holds {value!r}"


def no_template_holds_a_credential(system: System) -> Iterator[str]:
    """Anywhere, not only in the environment."""
    for resource in system.resources():
        for text in _strings(resource.body):
            if CREDENTIAL.search(text):
                yield f"{resource} holds what looks like a credential: {text[:12]}..."


def variables_of(function: Resource) -> Mapping[str, Any]:
    """A function's environment, as the template has it."""
    found: Mapping[str, Any] = function.properties.get("Environment", {}).get("Variables", {})
    return found


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


RULES: tuple[Rule, ...] = (variables_hold_names_and_arns_only, no_template_holds_a_credential)
