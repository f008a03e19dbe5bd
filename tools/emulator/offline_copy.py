"""Makes the copy of an assembly that is deployed offline, and says what the copy lacks."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tools.base.assembly import Assembly, Stack
from tools.emulator import parity
from tools.emulator.addresses import at_the_emulator
from tools.emulator.batches import with_short_batches
from tools.emulator.removal import (
    STREAM_CONSUMER,
    Removed,
    name_batches,
    read_without_fan_out,
    take_out,
    take_out_event_sources,
    take_out_metric_math,
    take_out_secure_transport,
    widen_unknown_resources,
)

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


def make_offline_copy(
    assembly: Assembly,
    target: Path,
    cloudformation: CloudFormationClient,
    *,
    auth: bool,
    stand_ins: Mapping[str, str] | None = None,
    endpoint: str | None = None,
) -> tuple[Assembly, list[Removed]]:
    """Write to `target` what the emulator can deploy of `assembly`, as an assembly of its own.

    Args:
        auth: the emulator enforces policies, so those that deny plain HTTP go too, answers to
            tasks are allowed for every state machine, parameters may be read below any path, events
            may be put with any source, and batches of messages are allowed by name.
        stand_ins: for addresses of the outside world, those of their stand-ins on this machine.
            They differ from run to run, and so are no part of what is synthesized.
        endpoint: where the emulator serves what has an address on AWS: APIs, and a pool's login.

    Raises:
        ParityError: the ledger does not say what the emulator does, or something that stays
            refers to something that was taken out.
    """
    absent = parity.absent_types()
    used = {it["Type"] for stack in assembly.stacks for it in stack.template["Resources"].values()}
    unknown = parity.unknown_types(cloudformation, used | absent)
    parity.assert_ledger_is_right(unknown, absent)

    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(assembly.directory, target)
    copied = Assembly(target)
    removed = []
    for stack in copied.stacks:
        template = stack.template
        direct: list[Removed] = []
        if STREAM_CONSUMER in unknown:
            template, direct = read_without_fan_out(template, stack=stack.name)
        template, gone = take_out(template, unknown, stack=stack.name)
        gone += direct
        template, expressions = take_out_metric_math(template, stack=stack.name)
        gone += expressions
        if auth:
            template, statements = take_out_secure_transport(template, stack=stack.name)
            template, widened = widen_unknown_resources(template, stack=stack.name)
            template, unchecked = take_out_event_sources(template, stack=stack.name)
            template, batches = name_batches(template, stack=stack.name)
            gone += statements + widened + unchecked + batches
        template = with_short_batches(template)
        if endpoint is not None:
            template = at_the_emulator(template, endpoint)
        text = json.dumps(template, indent=1)
        for address, stand_in in (stand_ins or {}).items():
            text = text.replace(json.dumps(address), json.dumps(stand_in))
        if template != stack.template or stand_ins:
            _replace_template(stack, text)
        removed += gone
    return Assembly(target), removed


def summary(removed: Iterable[Removed]) -> str:
    """What is not offline, in one line: each kind with its count."""
    counts = Counter(it.kind for it in removed)
    return ", ".join(f"{kind} x{count}" for kind, count in sorted(counts.items()))


def _replace_template(stack: Stack, text: str) -> None:
    """Write the template, and give its upload the key that fits: its hash."""
    before = stack.template_file.read_bytes()
    after = text.encode()
    stack.template_file.write_bytes(after)
    old, new = (hashlib.sha256(content).hexdigest() for content in (before, after))
    manifest = stack.template_file.with_name("manifest.json")
    for file in (stack.assets_file, manifest):
        file.write_text(file.read_text().replace(old, new))
