"""For operators: shows what waits among the dead letters of a service's queues, and sends it again.

A dry run takes the letters into its hands as anybody would who works through the queue, and lays
them back. While it does, nobody else is handed them: who looks at the same time sees some of them.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from shared.messaging.envelope import subject_of
from shared.messaging.letters import Letter, letter_of, send_again
from shared.runtime import aws, clock, log
from shared.runtime.environment import load
from shared.runtime.patterns import is_uuid
from shared.runtime.plain_text import plain
from shared.runtime.tracing.invocations import invocation

MOST = 50
"""Letters in one look, and in one change: a browser waits for it."""
RECEIVE = 10
"""What SQS hands out at once, and changes at once."""
HIDDEN_SECONDS = 30
"""Longer than a function that has letters in its hands can be at work; then they show again."""
LOOK_SECONDS = 5.0
SEND_SECONDS = 8.0
"""How long letters are looked for, and how long another one is begun with."""
SERVER_WAIT_SECONDS = 1
"""So that all of SQS's servers are asked: an empty answer then says that there is nothing."""
LONGEST_REASON = 300


class RedriveQueuesEnvironment(msgspec.Struct, frozen=True):
    """The service's queues."""

    queues: str
    """JSON: by name, the URLs of the dead letters and of the queue that they came from."""


class Addresses(msgspec.Struct, frozen=True):
    """Of a queue and its dead letters."""

    dead_letters: str
    queue: str


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``dry_run`` only lists. Else ``letters`` are the ids of those to send; or, where there are
    more than can be listed, ``set_aside_before`` is a time: of those that were there then, some.
    """

    queue: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    dry_run: bool = True
    letters: (
        Annotated[
            list[Annotated[str, msgspec.Meta(max_length=128)]],
            msgspec.Meta(min_length=1, max_length=MOST),
        ]
        | None
    ) = None
    set_aside_before: Annotated[str, msgspec.Meta(max_length=40)] | None = None

    def __post_init__(self) -> None:
        said = [it for it in (self.letters, self.set_aside_before) if it is not None]
        if len(said) != (not self.dry_run):
            raise ValueError("what to send is said by ids or by a time, of a dry run by neither")
        if self.set_aside_before is not None:
            clock.parse_time(self.set_aside_before)


class UnknownQueue(Exception):
    """The service has no such queue."""


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """See ``Redrive.answer``; ``event`` is a ``Request``.

    Raises:
        msgspec.ValidationError: the request does not have that form.
        UnknownQueue: the service has no such queue.
        botocore.exceptions.ClientError: SQS does not hand out what waits.
    """
    asked = msgspec.convert(event, Request)
    known = _queues()
    if asked.queue not in known:
        raise UnknownQueue(asked.queue)
    return Redrive(aws.client("sqs"), known[asked.queue]).answer(asked)


@cache
def _queues() -> Mapping[str, Addresses]:
    return msgspec.json.decode(load(RedriveQueuesEnvironment).queues, type=dict[str, Addresses])


class Redrive:
    """The dead letters of one queue. ``client`` is a botocore SQS client; ``monotonic`` tells
    seconds.
    """

    def __init__(
        self,
        client: Any,
        addresses: Addresses,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._at = addresses
        self._monotonic = monotonic
        self._held: dict[str, Letter] = {}

    def answer(self, asked: Request) -> dict[str, Any]:
        """``{letters, more}``: each letter is ``{id, set_aside_at, type, aggregate_type,
        aggregate_id, reason, redrivable, outcome}``, the oldest first.

        The outcome is ``waits`` (dry run), ``sent``, ``not found``, ``altered`` or ``failed: ...``.
        What is altered cannot be sent: its body is not what its sender wrote. ``more`` says whether
        more wait than were handed out.
        """
        try:
            more = self._take(asked)
            found = sorted(self._chosen(asked), key=lambda it: (it.sent_at, it.id))[:MOST]
            if asked.dry_run:
                return {"letters": [_line(it, "waits") for it in found], "more": more}
            return {"letters": list(self._sent(found, asked.letters or ())), "more": more}
        finally:
            self._lay_back(list(self._held.values()))

    def _take(self, asked: Request) -> bool:
        """Until all is found, nothing is handed out any more, or time is up; whether there may be
        more.
        """
        ends = self._monotonic() + LOOK_SECONDS
        while self._monotonic() < ends:
            messages = self._client.receive_message(
                QueueUrl=self._at.dead_letters,
                MaxNumberOfMessages=RECEIVE,
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=SERVER_WAIT_SECONDS,
                MessageAttributeNames=["All"],
                AttributeNames=["All"],
            ).get("Messages")
            if not messages:
                if asked.letters:
                    continue  # somebody may have them in hand, and lay them back
                return False
            self._held |= {it.id: it for it in map(letter_of, messages)}
            if asked.letters and all(it in self._held for it in asked.letters):
                return False
            if not asked.letters and len(self._chosen(asked)) > MOST:
                return True
        return True

    def _chosen(self, asked: Request) -> list[Letter]:
        """Of what is in hand, what is asked for."""
        held = self._held.values()
        if asked.letters:
            return [it for it in held if it.id in asked.letters]
        if asked.set_aside_before is None:
            return list(held)
        latest = clock.parse_time(asked.set_aside_before).timestamp()
        return [it for it in held if it.sent_at <= latest]

    def _sent(self, found: Sequence[Letter], wanted: Sequence[str]) -> Iterator[dict[str, Any]]:
        ends = self._monotonic() + SEND_SECONDS
        for it in found:
            if self._monotonic() > ends:
                return
            yield _line(it, self._send(it))
        there = {it.id for it in found}
        yield from ({"id": it, "outcome": "not found"} for it in wanted if it not in there)

    def _send(self, letter: Letter) -> str:
        if letter.altered is not None:
            return "altered"
        try:
            send_again(
                self._client,
                letter,
                dead_letters_url=self._at.dead_letters,
                queue_url=self._at.queue,
            )
        except (BotoCoreError, ClientError) as failure:
            # It may have been sent, and not taken off: consumers bear a message that comes twice.
            return f"failed: {type(failure).__name__}"
        del self._held[letter.id]
        log.warning("dead letter sent again by an operator", message_id=letter.id)
        return "sent"

    def _lay_back(self, letters: Sequence[Letter]) -> None:
        """Let others have them at once; what that fails for shows again by itself."""
        for first in range(0, len(letters), RECEIVE):
            try:
                self._client.change_message_visibility_batch(
                    QueueUrl=self._at.dead_letters,
                    Entries=[
                        {"Id": str(n), "ReceiptHandle": it.receipt, "VisibilityTimeout": 0}
                        for n, it in enumerate(letters[first : first + RECEIVE])
                    ],
                )
            except (BotoCoreError, ClientError) as failure:
                log.warning("dead letters not laid back", error=type(failure).__name__)


def _line(letter: Letter, outcome: str) -> dict[str, Any]:
    message = letter.message
    named = subject_of(message)[1] or message.aggregate_id if message else None
    return {
        "id": letter.id,
        "set_aside_at": clock.format_time(datetime.fromtimestamp(letter.sent_at, UTC)),
        "type": message.type if message else None,
        "aggregate_type": message.aggregate_type if message else None,
        "aggregate_id": named if isinstance(named, str) and is_uuid(named) else None,
        "reason": plain(letter.reason, LONGEST_REASON),
        "redrivable": letter.altered is None,
        "outcome": outcome,
    }
