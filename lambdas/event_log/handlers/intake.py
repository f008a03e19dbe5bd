"""From the bus to the log: other services' facts, each once, keyed by the order they speak of."""

from functools import cache
from typing import Any

from event_log.adapters.seen_facts import SeenFacts
from event_log.settings import for_intake
from shared import aws, log
from shared.envelope import MAX_EVENT_BYTES, Envelope
from shared.kinesis_log import KinesisLog
from shared.log_records import Unreadable, read_envelope
from shared.parking import DeadLetters
from shared.tracing import is_uuid


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any] | None:
    """Put a batch of facts on the log; an error makes the whole batch come again.

    A fact is noted as seen only once it is on the log: a crash in between puts it there twice,
    which its readers must bear anyway, and never loses it.

    Reconciliation asks with ``{republish: [fact, ...]}`` for facts that the log should have and has
    not, each as its JSON text; it is answered with ``{republished}``.
    """
    if "republish" in event:
        return {"republished": _log().publish([_read(text) for text in event["republish"]])}
    facts: dict[str, Envelope] = {}
    for record in event["Records"]:
        try:
            fact = _read(record["body"])
        except Unreadable as unreadable:
            _dead_letters().park(record["body"], str(unreadable), "intake")
            continue
        facts[fact.event_id] = fact
    for event_id in _seen().among(facts) if facts else ():
        del facts[event_id]
    _log().publish(facts.values())
    _seen().remember(facts)
    log.metric("FactsTakenIn", len(facts))
    return None


def _read(body: str) -> Envelope:
    raw = body.encode("utf-8", "surrogatepass")
    if len(raw) > MAX_EVENT_BYTES:
        raise Unreadable(f"larger than {MAX_EVENT_BYTES} bytes")
    fact = read_envelope(raw)
    if fact.version is not None:
        raise Unreadable("it has a version: only orders' relay may put events on the log")
    if not is_uuid(fact.event_id):
        raise Unreadable("its event_id is not a UUID")
    return fact


@cache
def _log() -> KinesisLog:
    return KinesisLog(aws.client("kinesis"), for_intake().event_stream_arn)


@cache
def _seen() -> SeenFacts:
    return SeenFacts(aws.client("dynamodb"), for_intake().seen_table)


@cache
def _dead_letters() -> DeadLetters:
    return DeadLetters(aws.client("sqs"), for_intake().dead_letters_url)
