"""Each message that the page on troubleshooting explains is one that the code prints."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "troubleshooting.md"
HEADINGS = re.findall(r"^### (.+)$", PAGE.read_text("utf-8"), re.MULTILINE)
SOURCES = ("tools", "bundling", "stacks")
ANYTHING = "…"
TO_EXPLAIN = (
    "stacks",
    "tools/base",
    "tools/configuration",
    "tools/dev",
    "tools/emulator",
    "tools/generate",
    "tools/generator",
    "tools/local",
    "tools/operations",
    "tools/rename",
    "tools/teardown",
    "tools/toolchain",
)
"""Of these, every message is explained or says what to do. The others are for maintainers."""
SAYS_WHAT_TO_DO = {
    "stacks/constructs/configuration_agent.py": ["functions take layers of their own region only"],
    "stacks/constructs/service_api.py": ["no service declares the scope"],
    "stacks/constructs/service_card.py": ["mark fewer fields"],
    "stacks/fulfilment_saga.py": ["a whole number of seconds"],
    "stacks/partitions.py": [
        "Is it spelled right?",
        "Keep the copy there with -c",
        "replication stays within",
        "Name one with -c",
    ],
    "stacks/services.py": ["and end its line", "is declared in", "a scope is written like"],
    "stacks/stage.py": ["must be"],
    "tools/base/arguments.py": ["a whole number from", "greater than 0"],
    "tools/configuration/services.py": ["there are"],
    "tools/configuration/values.py": ["there are no words for"],
    "tools/emulator/parity.py": ["the emulator has learned these types"],
    "tools/generator/generate.py": [
        "there are",
        "move them away, or choose another name",
        "has come up meanwhile",
        "wait until that is done",
    ],
    "tools/generator/names.py": [
        "letters from a to z",
        "a name has small letters",
        "no more than",
        "AWS keeps names that begin with",
        "is a published language",
        "a word of Python's own",
        "has that name already",
        "the generated code has a module",
        "a library is called so",
        "the generated code uses one of that name",
        "a team has small letters",
    ],
    "tools/emulator/trace_receiver/process.py": ["`make up`"],
    "tools/generator/removal.py": ["there are"],
    "tools/local/commands.py": ["open … yourself"],
    "tools/local/load.py": ["there are", "a weight is"],
    "tools/local/operators.py": ["run `make up` first"],
    "tools/local/rotation.py": ["those that have", "it has"],
    "tools/local/release_stories.py": ["should not end so"],
    "tools/local/stories.py": ["should be"],
    "tools/operations/__main__.py": ["is not a sequence number", "is not the id of an order"],
    "tools/operations/dead_letters.py": ["there are"],
    "tools/operations/mail.py": ["Name a domain of yours"],
    "tools/operations/parked.py": ["lists what it has", "take the numbers from the log"],
    "tools/operations/providers.py": ["Name the https address"],
    "tools/operations/quota.py": ["Ask for more before you deploy"],
    "tools/operations/rebuild.py": ["the same command continues from there"],
    "tools/operations/trace.py": ["were not sampled, are too old, or are still on their way"],
    "tools/operations/service_map.py": [
        "Trace Map",
        "place an order, and ask again",
        "the page cannot be written",
    ],
    "tools/operations/spans.py": ["Turn it on", "Deploy again in some minutes"],
    "tools/operations/stuck.py": ["is it an order of this environment?", "wait for its end"],
    "tools/rename/names.py": [
        "is called",
        "must be small letters",
        "is too short",
        "are the most",
        "is a word of Python",
        "begins with a word that AWS keeps",
        "keep for themselves",
    ],
    "tools/rename/plan.py": ["rename it first"],
}
"""By file, what such a message holds."""
WITHIN = {
    "tools/base/outputs.py": ["the endpoint is no text"],
    "tools/configuration/flags.py": ["the deployed document has no values of flags"],
    "tools/emulator/payment_provider/faults.py": ["kind must be one of", "a fault has no"],
    "tools/emulator/trace_receiver/spans.py": [
        "not a datagram of spans",
        "an OTLP request without a span",
        "not base64",
        "not an OTLP request",
    ],
    "tools/emulator/partners/equivalent.py": [
        "no key-auth",
        "of another consumer",
        "is limited",
        "does not remove",
    ],
    "tools/emulator/partners/manifests.py": [
        "KongConsumer",
        "no KongPlugin",
        "HTTPRoute",
        "GRPCRoute",
    ],
    "tools/emulator/pricing/configuration.py": ["were not deployed in time"],
    "tools/local/faults/at_the_log.py": ["place one first"],
    "tools/local/faults/traces.py": ["it was not sampled, or"],
    "tools/local/faults/deployed.py": ["run `make up` first", "the emulator answers"],
    "tools/local/faults/guide.py": ["not within"],
    "tools/local/faults/later_steps.py": ["were refused meanwhile"],
    "tools/local/faults/operator_token.py": [
        "the header Authorization",
        "it ",
        "its ",
        "no key",
        "the token lacks",
        "only members of",
    ],
    "tools/local/faults/ordering.py": ["was not accepted"],
    "tools/local/faults/steps.py": [
        "the stock of",
        "was booked",
        "are parked after",
        "should be",
        "was taken for",
    ],
    "tools/local/tour.py": [
        "of config-apply",
        "after the rollback",
        "orders were lost",
        "was not refused",
        "rolled nothing back",
    ],
    "tools/operations/history.py": ["has no ReadModel of"],
    "tools/rename/ids.py": ["nothing shows what the digest"],
    "tools/rename/snapshots.py": ["would be taken for a digest", "nothing shows the whole name"],
    "tools/rename/texts.py": ["it is written", "would come to stand beside"],
}
"""Messages that become a part of another one, that a tool answers to a test, or by which the tour
says that the system is broken."""


def message(node: ast.AST) -> str | None:
    """A text of the code, with a gap for each value that is put in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else ANYTHING for part in node.values
        )
    if isinstance(node, ast.BinOp) and (begin := message(node.left)):
        return begin + (message(node.right) or ANYTHING)
    return None


@cache
def printed() -> tuple[str, ...]:
    """Every text of the tools' code, and the Makefile's lines."""
    found = [
        text
        for folder in SOURCES
        for file in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if (text := message(node))
    ]
    return *found, *(ROOT / "Makefile").read_text("utf-8").splitlines()


def pattern(heading: str) -> re.Pattern[str]:
    """What a message has to hold, in this order, to be the heading's."""
    parts = [it.strip(" `") for it in heading.replace("`", "").split(ANYTHING)]
    return re.compile(".*".join(re.escape(it) for it in parts if it), re.DOTALL)


def is_printed(heading: str, texts: tuple[str, ...]) -> bool:
    wanted = pattern(heading)
    return any(wanted.search(text.replace("`", "")) for text in texts)


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_message_that_is_explained_is_printed_by_something(heading: str) -> None:
    assert len(re.sub(r"\W", "", heading)) > 5, "it would fit everything"
    assert is_printed(heading, printed()), f"nothing prints {heading}"


def test_a_message_that_nobody_prints_is_found() -> None:
    assert not is_printed("`the emulator is tired: …`", printed())
    assert not is_printed("`did not start the emulator`", printed())
    assert is_printed("`… did not start`", ("{} did not start",))


def raised(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        error = node.exc if isinstance(node, ast.Raise) else None
        text = message(error.args[0]) if isinstance(error, ast.Call) and error.args else None
        if text and len(re.sub(r"\W", "", text)) > 5:  # of others, all text is put in
            yield text


@cache
def raised_in(folder: str) -> dict[str, tuple[str, ...]]:
    files = sorted((ROOT / folder).rglob("*.py"))
    return {
        str(it.relative_to(ROOT)): tuple(raised(it)) for it in files if "templates" not in it.parts
    }


@pytest.mark.parametrize("folder", TO_EXPLAIN)
def test_every_message_is_explained_or_says_what_to_do(folder: str) -> None:
    missing = [
        f"{file}: {text}"
        for file, messages in raised_in(folder).items()
        for text in messages
        if not any(it in text for it in (*SAYS_WHAT_TO_DO.get(file, ()), *WITHIN.get(file, ())))
        and not any(is_printed(heading, (text,)) for heading in HEADINGS)
    ]
    assert missing == []


def test_what_needs_no_explanation_is_still_printed() -> None:
    messages = {file: texts for it in TO_EXPLAIN for file, texts in raised_in(it).items()}
    stale = [
        f"{file}: {part}"
        for listed in (SAYS_WHAT_TO_DO, WITHIN)
        for file, parts in listed.items()
        for part in parts
        if not any(part in text for text in messages.get(file, ()))
    ]
    assert stale == []
