"""Compares event store, log and archive; with ``dry_run`` false, repairs what is missing."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any

import msgspec

from reconciliation.adapters.back_fill import BackFill
from reconciliation.adapters.owners import Owners
from reconciliation.domain.comparison import ARCHIVE, LOG, PLACES, STORE, Comparison, Name
from reconciliation.settings import for_reconcile
from shared import aws, clock, log
from shared.archive import Archive
from shared.envelope import Envelope
from shared.fingerprint import fingerprint
from shared.log_reader import LogReader
from shared.log_records import Unreadable, read_envelope
from shared.order_history import OrderHistory

SETTLE_SECONDS = 900
"""How long an event may be on its way: Firehose collects for a minute and retries for longer."""
NEAR_THE_HORIZON = timedelta(hours=1)
NAMED = 500
READERS = 8
OWNERS_TIMEOUT = 60


class Reconcile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request. Events younger than ``settle_seconds`` are not compared."""

    dry_run: bool = True
    settle_seconds: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = SETTLE_SECONDS


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Compare, and repair if that is wanted.

    Returns ``{hours: [{hour, store, log, archive, complete}], missing: {place: {count, names}},
    unreadable, republished, back_filled}``; each place is ``{events, hash}``, and at most NAMED
    missing events are named.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
    """
    asked = msgspec.convert(event, Reconcile)
    compared, unreadable = _compare(asked.settle_seconds)
    missing = {place: compared.missing(place) for place in PLACES}
    counts = {place: len(names) for place, names in missing.items()}
    log.metric("EventsMissing", sum(counts.values()))
    log.info("compared", missing=counts, unreadable=unreadable)
    answer = {
        "hours": [
            {"hour": hour, **msgspec.to_builtins(held), "complete": complete}
            for hour, held, complete in compared.hours()
        ],
        "missing": {place: _named(names) for place, names in missing.items()},
        "unreadable": unreadable,
        "republished": 0,
        "back_filled": 0,
    }
    if not asked.dry_run:
        answer["back_filled"] = _back_fill(missing[ARCHIVE])
        answer["republished"] = _republish(compared)
        log.info("reconciled", **{key: answer[key] for key in ("republished", "back_filled")})
    return answer


def _compare(settle_seconds: int) -> tuple[Comparison, int]:
    now = datetime.now(UTC)
    horizon = now - timedelta(hours=_log().retention_hours()) + NEAR_THE_HORIZON
    compared = Comparison(
        until=clock.format_time(now - timedelta(seconds=settle_seconds)),
        horizon=clock.format_time(horizon),
    )
    unreadable = 0
    for stored, mark in _owners().stored():
        compared.take_in(STORE, stored, mark)
    for place, bodies in ((LOG, _in_the_log()), (ARCHIVE, _in_the_archive())):
        for body in bodies:
            try:
                event = read_envelope(body)
            except Unreadable:
                unreadable += 1
                continue
            compared.take_in(place, _name(event), fingerprint(event))
    return compared, unreadable


def _back_fill(missing: Mapping[str, Name]) -> int:
    events = [*_from_orders(missing), *_facts(missing, _in_the_log())]
    return BackFill(aws.client("s3"), for_reconcile().archive_bucket).add(events)


def _republish(compared: Comparison) -> int:
    missing = compared.unpublished()
    # What the store does not have, nobody can publish: it is named, and waits for a decision.
    events = [
        name
        for mark, name in missing.items()
        if name.version is not None and compared.holds(STORE, mark, name)
    ]
    facts = list(_facts(missing, _in_the_archive()))
    return _owners().republish_events(events) + _owners().republish_facts(facts)


def _from_orders(missing: Mapping[str, Name]) -> Iterator[Envelope]:
    history = OrderHistory(aws.patient_client("lambda", 60), for_reconcile().read_events_arn)
    orders = sorted({name.id for name in missing.values() if name.version is not None})
    with ThreadPoolExecutor(READERS) as pool:
        for events in pool.map(lambda order_id: list(history.read_events(order_id, 0)), orders):
            yield from (event for event in events if fingerprint(event) in missing)


def _facts(missing: Mapping[str, Name], bodies: Iterator[bytes]) -> Iterator[Envelope]:
    """Those that are missing in one place, each once, from the other."""
    wanted = {mark for mark, name in missing.items() if name.version is None}
    for body in bodies if wanted else ():
        try:
            event = read_envelope(body)
        except Unreadable:
            continue
        mark = fingerprint(event)
        if mark in wanted:
            wanted.discard(mark)
            yield event


def _name(event: Envelope) -> Name:
    its_id = event.event_id if event.version is None else event.aggregate_id
    return Name(its_id, event.version, event.occurred_at)


def _named(names: Mapping[str, Name]) -> dict[str, Any]:
    first = list(names.values())[:NAMED]
    return {"count": len(names), "names": msgspec.to_builtins(first)}


def _in_the_log() -> Iterator[bytes]:
    return (record.body for record in _log().records())


def _in_the_archive() -> Iterator[bytes]:
    archive = Archive(aws.client("s3"), for_reconcile().archive_bucket)
    return archive.lines([found.key for found in archive.objects()])


@cache
def _log() -> LogReader:
    return LogReader(aws.patient_client("kinesis", 30), for_reconcile().event_stream_arn)


@cache
def _owners() -> Owners:
    settings = for_reconcile()
    client = aws.patient_client("lambda", OWNERS_TIMEOUT)
    return Owners(client, settings.scan_events_arn, settings.relay_arn, settings.intake_arn)
