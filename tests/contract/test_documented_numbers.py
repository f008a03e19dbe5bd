"""The numbers that the documents repeat are those of the code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest

import event_log.adapters.seen_events
import fulfilment.adapters.dynamodb_sagas
import fulfilment.commands
import orders.adapters.event_codec
import reconciliation.commands.steps
import shared.messaging.log_reader
import shared.read_models.parked_records
import shared.read_models.partitions
import shared.runtime.configuration
import shared.runtime.secrets
import stacks.concurrency
import stacks.constructs.alarms
import stacks.constructs.log_consumer
import stacks.constructs.reconcile_machine
import stacks.constructs.service_queue
import stacks.customers
import stacks.event_log
import stacks.fulfilment
import stacks.payments_keys
import stacks.reconciliation
import tools.checks.mutation.__main__
import tools.configuration.__main__
import tools.emulator.emulator
import tools.emulator.function_processes
import tools.operations.__main__
import tools.operations.reconcile
from bundling.build import MAX_ZIP_BYTES
from shared.read_models import rebuild
from shared.read_models.generations import POINTER_SECONDS
from stacks.fulfilment_saga import SagaTimes, saga_times
from stacks.services import LONGEST_ROLE_NAME
from stacks.stage import Stage, stage_named

ROOT = Path(__file__).parents[2]
WORDS = [
    "a",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
NUMBER = r"([\d,]*\.?\d+|[a-z]+)"
"""What stands for the number in a sentence of the table."""
MINUTE, HOUR, DAY = 60, 3600, 24 * 3600

DEV, STAGING, PROD = (
    stage_named(name, "cloud", "eu-west-1") for name in ("dev", "staging", "prod")
)
CONTEXT = json.loads((ROOT / "cdk.json").read_text())["context"]

REBUILD = "docs/adr/0012-rebuild-beside-what-is-served.md"
CONFIGURATION = "docs/adr/0014-configuration-that-is-never-lost.md"
ROTATION = "docs/adr/0015-secrets-that-are-replaced.md"
QUOTA = "docs/adr/0018-an-account-is-asked-before-a-deployment.md"
RECONCILE = "docs/adr/0020-reconciliation-in-a-window.md"
RUNBOOK = "docs/operations.md"
SAGA = "docs/saga.md"


class Row(NamedTuple):
    """A sentence of a page, with ``#`` for each number, and the numbers that the code has."""

    page: str
    sentence: str
    numbers: tuple[float, ...]


def row(page: str, sentence: str, *numbers: float) -> Row:
    return Row(page, sentence, numbers)


def retention(of: Stage) -> float:
    return of.log_retention_hours / 24


def saga_row(label: str, dev: str, cloud: str, *numbers: float) -> Row:
    return row(SAGA, f"| {label} | {dev} | {cloud} |", *numbers)


def times(of: Stage) -> SagaTimes:
    return saga_times(of)


QUEUE = stacks.constructs.service_queue
LATE = stacks.constructs.alarms.LATE.to_minutes()
BEHIND = stacks.constructs.alarms.BEHIND.to_hours()
ARCHIVE_BEHIND = stacks.event_log.ARCHIVE_BEHIND.to_minutes()
OLD_AFTER = stacks.payments_keys.OLD_AFTER.to_seconds()
WINDOW = stacks.reconciliation.WINDOW.to_hours()
NAMED = reconciliation.commands.steps.NAMED
OVERLAP = rebuild.OVERLAP.total_seconds()
KNOWN_AFTER = POINTER_SECONDS + rebuild.BATCH_SECONDS

ROWS = [
    row(
        "docs/adr/0003-park-and-stall-instead-of-partial-failures.md",
        "Bodies over # KB are not copied",
        shared.read_models.parked_records.MAX_BODY / 1000,
    ),
    row(
        "docs/adr/0006-the-offline-engine.md",
        "has waited # minutes for an event ends",
        tools.emulator.function_processes.IDLE_SECONDS / MINUTE,
    ),
    row(
        "docs/adr/0006-the-offline-engine.md",
        "therefore saves every # s",
        tools.emulator.emulator.SAVE_SECONDS,
    ),
    row(
        "docs/adr/0008-forgetting-a-customer.md",
        "reaches back # days",
        stacks.customers.PROFILE_RECOVERY_DAYS,
    ),
    row("docs/adr/0008-forgetting-a-customer.md", "`AnnouncerBehind`.** * for # hours", BEHIND),
    row(REBUILD, "believes the pointer for # second", POINTER_SECONDS),
    row(REBUILD, "the projector's time limit of # seconds", rebuild.BATCH_SECONDS),
    row(REBUILD, "K = B + # s", KNOWN_AFTER),
    row(REBUILD, "closed shards included, from B − # h up", OVERLAP / HOUR),
    row(REBUILD, "archived before B − # h;", OVERLAP / HOUR),
    row(REBUILD, "(and # minute more", rebuild.CLOCKS_DIFFER.total_seconds() / MINUTE),
    row(REBUILD, "Firehose is # minutes late, a sixth of that hour", ARCHIVE_BEHIND),
    row(
        REBUILD,
        "dividing holds # MB",
        shared.read_models.partitions.HELD_BYTES / 1024 / 1024,
    ),
    row(
        CONFIGURATION,
        "for # seconds at most",
        shared.runtime.configuration.LATER_ANSWER_SECONDS,
    ),
    row(CONFIGURATION, "the process's (# s)", float(CONTEXT["configuration_poll_seconds"])),
    row(CONFIGURATION, "on port #,", float(CONTEXT["configuration_agent_url"].rpartition(":")[2])),
    row(ROTATION, "what it read for # minutes", shared.runtime.secrets.TIME_TO_LIVE / MINUTE),
    row(
        ROTATION,
        "as they are for # minutes, # times as long as a worker keeps a secret",
        OLD_AFTER / MINUTE,
        OLD_AFTER / shared.runtime.secrets.TIME_TO_LIVE,
    ),
    row(ROTATION, "then none for # second", shared.runtime.secrets.SEARCH_PAUSE),
    row(QUOTA, "Development needs #,", stacks.concurrency.NEEDED["dev"]),
    row(
        "docs/adr/0019-failures-are-counted-in-the-message.md",
        "handed out # times without a worker",
        QUEUE.RECEIVES,
    ),
    row(RECONCILE, "compares the last # hours", WINDOW),
    row(RECONCILE, "longer ago than # hours", WINDOW),
    row(RECONCILE, "in # parts for each hour", orders.adapters.event_codec.PARTS),
    row(RECONCILE, "runs # functions at a time", stacks.constructs.reconcile_machine.AT_ONCE),
    row(
        RECONCILE,
        "needs more than # minutes goes on",
        reconciliation.commands.steps.WORK_SECONDS / MINUTE,
    ),
    row(RECONCILE, "names # events of each place and # hours", NAMED, NAMED),
    row("docs/adr/0022-every-partition.md", "longer than # characters", LONGEST_ROLE_NAME),
    row(
        "docs/adr/0024-tests-are-measured-by-mutation.md",
        "a rate below # %",
        tools.checks.mutation.__main__.GOAL * 100,
    ),
    row(
        "docs/adr/0025-a-locked-copy-of-the-archive.md",
        "more than # hour)",
        stacks.event_log.REPLICATED_WITHIN.to_hours(),
    ),
    row(RUNBOOK, "has waited for more than # minutes", LATE),
    row(RUNBOOK, "*... is behind*, which comes after # hours", BEHIND),
    row(RUNBOOK, "oldest unread record is older than # hours", BEHIND),
    row(RUNBOOK, "Firehose has not delivered for # minutes", ARCHIVE_BEHIND),
    row(RUNBOOK, "or not within # hour", stacks.event_log.REPLICATED_WITHIN.to_hours()),
    row(RUNBOOK, "oldest message is older than # hour", QUEUE.NOT_READ.to_hours()),
    row(RUNBOOK, "Messages are kept for # days", QUEUE.RETENTION.to_days()),
    row(RUNBOOK, "SQS keeps it for # days", QUEUE.RETENTION.to_days()),
    row(RUNBOOK, "or the queue has, after # receives", QUEUE.RECEIVES),
    row(RUNBOOK, "the queue has set aside after # receives", QUEUE.RECEIVES),
    row(
        RUNBOOK,
        "the next run is # minutes later",
        stacks.fulfilment.SWEPT_EVERY.to_minutes(),
    ),
    row(
        RUNBOOK,
        "it looks back # week",
        fulfilment.commands.LOOKED_BACK.total_seconds() / (7 * DAY),
    ),
    row(RUNBOOK, '`{"after_seconds": #}` is what the clock', OLD_AFTER),
    row(RUNBOOK, "of the last # hours, or of ever", tools.operations.reconcile.WINDOW_HOURS),
    row(
        RUNBOOK,
        "Events of the last # minutes (offline: # seconds)",
        tools.operations.__main__.SETTLE / MINUTE,
        tools.operations.__main__.SETTLE_OFFLINE,
    ),
    row(RUNBOOK, "At most # events of a place and # hours", NAMED, NAMED),
    row(RUNBOOK, "written no more and, after # minute, erased", round(KNOWN_AFTER / MINUTE)),
    row(
        RUNBOOK,
        "# days in dev, # in staging, # in prod",
        *(retention(it) for it in (DEV, STAGING, PROD)),
    ),
    row(
        RUNBOOK,
        "after # days, goes to the dead letters",
        fulfilment.adapters.dynamodb_sagas.RETENTION.days,
    ),
    row(
        RUNBOOK,
        "knows an event's id for # days",
        event_log.adapters.seen_events.REMEMBERED_SECONDS / DAY,
    ),
    row(SAGA, "the sweeper, every # minutes", stacks.fulfilment.SWEPT_EVERY.to_minutes()),
    saga_row("a step", "# minutes", "# hours", times(DEV).step / MINUTE, times(PROD).step / HOUR),
    saga_row(
        "an undo",
        "# minutes, # tries",
        "# hours, # tries",
        times(DEV).undo / MINUTE,
        times(DEV).attempts + 1,
        times(PROD).undo / HOUR,
        times(PROD).attempts + 1,
    ),
    saga_row(
        "the sweeper looks for an order after",
        "# minutes",
        "# hours",
        times(DEV).saga / MINUTE,
        times(PROD).saga / HOUR,
    ),
    row(
        "docs/configuration.md",
        "is waited for (# hour; # minutes offline)",
        tools.configuration.__main__.WAIT / HOUR,
        tools.configuration.__main__.WAIT_OFFLINE / MINUTE,
    ),
    row(
        "README.md",
        "(staging # day, prod # year",
        STAGING.archive_lock_days,
        PROD.archive_lock_days / 365,
    ),
    row("CONTRIBUTING.md", "# MB is the limit", MAX_ZIP_BYTES / 1_000_000),
]


def read(number: str) -> float:
    """A number as a sentence has it, in figures or as a word."""
    if number in ("an", "one"):
        return 1
    return WORDS.index(number) + 1 if number in WORDS else float(number.replace(",", ""))


def numbers_in(text: str, sentence: str) -> tuple[float, ...]:
    """The numbers of the one place in a page where the sentence stands; ``*`` is any text."""
    pattern = re.escape(sentence).replace(r"\#", NUMBER).replace(r"\ \*\ ", r" [^\n]*? ")
    found = list(re.finditer(pattern, text))
    assert len(found) == 1, f"stands {len(found)} times on the page: {sentence}"
    return tuple(read(it) for it in found[0].groups())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{Path(row.page).stem}: {row.sentence}")
def test_a_number_on_a_page_is_the_codes(row: Row) -> None:
    found = numbers_in((ROOT / row.page).read_text("utf-8"), row.sentence)
    assert found == pytest.approx(row.numbers)


def test_a_rebuild_waits_as_long_as_a_batch_may_be_at_work() -> None:
    timeout = stacks.constructs.log_consumer.BATCH_TIMEOUT
    assert timeout.to_seconds() == rebuild.BATCH_SECONDS


def test_a_command_and_the_nightly_run_compare_the_same_window() -> None:
    assert WINDOW == tools.operations.reconcile.WINDOW_HOURS
    assert stacks.reconciliation.SETTLE_SECONDS == tools.operations.__main__.SETTLE


def test_what_the_idle_system_costs_is_said_as_it_was_counted() -> None:
    """The README rounds what docs/costs.md has, which `make costs` writes."""
    costs = (ROOT / "docs" / "costs.md").read_text("utf-8")
    total = re.search(r"^\| \*\*total\*\* \|(.+)\|$", costs, re.MULTILINE)
    assert total
    alarms, keys, stream, *_, month = [float(it.strip(" *")) for it in total[1].split("|")]
    readme = (ROOT / "README.md").read_text("utf-8")
    found = numbers_in(
        readme,
        "about # USD a month by list prices: # for the stream's one shard (the other environments "
        "have it on demand, at 29), # for # keys, # for # alarms",
    )
    assert found[:1] == (round(month),)
    assert found[1:4] == (round(stream), round(keys), round(keys))
    assert found[4] == pytest.approx(alarms, abs=0.5)
    assert found[5] == pytest.approx(alarms * 10)


def test_a_wrong_number_and_a_changed_sentence_are_noticed() -> None:
    assert numbers_in("it waits for 5 s", "waits for # s") == (5,)
    assert numbers_in("it waits for twelve s", "waits for # s") == (12,)
    for text in ("it rests for 5 s", "it waits for 5 s, then waits for 6 s"):
        with pytest.raises(AssertionError):
            numbers_in(text, "waits for # s")
