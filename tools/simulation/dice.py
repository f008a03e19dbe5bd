"""The faults that there are, how often each is thrown, and how often each has happened."""

from __future__ import annotations

import random
from collections import Counter

FAULTS: dict[str, tuple[float, str]] = {
    # name: (probability at each occasion, what it is)
    "request lost": (0.015, "a call never reached AWS, and its caller waited for nothing"),
    "answer lost": (0.015, "a call was done, and its caller was never told"),
    "outage": (0.0015, "a service refused every call for seconds or minutes"),
    "throttled": (0.02, "a service refused a call because there were too many"),
    "server error": (0.01, "a service answered 500 and had done nothing"),
    "server error after all": (0.0075, "a service answered 500 although it had done it"),
    "slow answer": (0.025, "a call took seconds"),
    "killed before a call": (0.006, "a function died and the call was never made"),
    "killed after a call": (0.006, "a function died and the call was done"),
    "frozen": (0.005, "a function stood still for up to minutes before a call, then went on"),
    "timed out": (0.0, "a function took longer than it may, and was stopped"),
    "clock ahead or behind": (0.1, "a function's clock is seconds or minutes from the right time"),
    "clock stepped": (0.0025, "a function's clock jumped during an invocation"),
    "cold start": (0.05, "a function's process was replaced by a new one"),
    "transaction conflict": (0.05, "a transaction met another one on an item"),
    "stale read": (0.2, "a read that is not strongly consistent gave an older item"),
    "items left unprocessed": (0.05, "a batch came back with items that were not done"),
    "records refused": (0.02, "some records of PutRecords were refused, the others taken"),
    "records out of order": (0.3, "records of one PutRecords call were written in any order"),
    "batch delivered again": (0.06, "a batch of a stream came again although it had succeeded"),
    "checkpoint lost": (0.025, "a stream was read again from an earlier place"),
    "invocation lost": (0.025, "a function ran on while its batch was delivered to another one"),
    "batch bisected": (0.5, "a batch that failed came again in two halves"),
    "stream items out of order": (0.5, "a table's stream gave items' changes in another order"),
    "shard split": (0.03, "a shard of the log was split in two"),
    "shards merged": (0.03, "two shards of the log were merged"),
    "garbage on the log": (0.02, "somebody put a record on the log that is no event"),
    "garbage in a queue": (0.005, "somebody put a message into a queue that is none"),
    "event delivered twice": (0.03, "EventBridge or SNS delivered an event twice"),
    "event late": (0.03, "EventBridge or SNS delivered an event after minutes or hours"),
    "entries refused": (0.02, "EventBridge took some entries of a call and refused others"),
    "message sent twice": (0.02, "a queue had a message twice"),
    "message late": (0.03, "a queue held a message back for up to a quarter of an hour"),
    "message delivered again": (0.03, "a queue delivered a message again that was settled"),
    "visible too early": (0.03, "a message could be received again while it was worked on"),
    "schedule missed": (0.05, "a scheduled run did not take place"),
    "execution lost": (0.1, "an execution of the saga was aborted in the middle"),
    "status event lost": (0.3, "nobody was told that an execution has ended"),
    "provider silent": (0.06, "a payment provider did not answer, and had done nothing"),
    "provider error": (0.06, "a payment provider answered 503"),
    "provider answer lost": (0.08, "a payment provider did what was asked, and said nothing"),
    "payment declined": (0.1, "a payment provider declined"),
    "hold short-lived": (0.15, "a payment provider held money for seconds or minutes only"),
    "secret rotated": (0.4, "a provider's key was replaced, and the one before the last revoked"),
    "configuration silent": (0.05, "the configuration agent did not answer"),
    "configuration stale": (0.1, "the configuration agent gave the document before"),
    "configuration changed": (0.3, "new payments began to go to the other provider"),
    "secret stale": (0.2, "Secrets Manager gave the version before the current one"),
    "client repeats a request": (0.15, "a customer sent the same request again"),
    "client reuses a key": (0.05, "a customer sent another request under a key of before"),
    "client pries": (0.1, "a customer asked for somebody else's order, and tried to cancel it"),
    "client sends two at once": (0.3, "a customer cancelled from two devices at once"),
    "client gives up": (0.05, "a customer did not wait for an answer, and asked again"),
}


class Dice:
    """Throws for one run. ``kinds`` are the faults that may happen, all by default.

    ``skipped`` are the numbers of throws that are to come out as "no": a failure is shrunk by them.
    """

    def __init__(
        self,
        seed: int,
        kinds: frozenset[str] = frozenset(FAULTS),
        skipped: frozenset[int] = frozenset(),
    ) -> None:
        self._random = random.Random(f"faults {seed}")  # noqa: S311 - it has to be repeatable
        self._sizes = random.Random(f"sizes {seed}")  # noqa: S311 - it has to be repeatable
        self._kinds = kinds
        self._skipped = skipped
        storm = self._random.choice((0.0, 1.0, 1.0, 1.0, 3.0))
        self._chances = {
            name: usual * storm * self._random.choice((0.0, 0.3, 1.0, 1.0, 3.0))
            for name, (usual, _) in FAULTS.items()
        }
        self._together: dict[tuple[str, ...], float] = {}
        """The chance that one of several happens."""
        self.longest_outage = self._random.choice((20.0, 90.0, 90.0, 1200.0))
        """Virtual seconds for which a service may refuse every call."""
        self.counts: Counter[str] = Counter()
        self.hits: list[tuple[int, str]] = []
        """What was thrown: the hit's number, and the fault."""
        self.are_over = False
        self._hits = 0

    def throw(self, fault: str) -> bool:
        """Whether it happens now.

        The dice are thrown when nothing may happen, too: so a seed means the same, however many
        faults are allowed.
        """
        if (
            self._random.random() >= self._chances[fault]
            or self.are_over
            or fault not in self._kinds
        ):
            return False
        self._hits += 1
        if self._hits in self._skipped:
            return False
        self.note(fault)
        return True

    def pick(self, faults: tuple[str, ...]) -> str | None:
        """One of these, or none, with one throw: they exclude each other."""
        value = self._random.random()
        if self.are_over:
            return None
        if faults not in self._together:
            self._together[faults] = sum(self._chances[fault] for fault in faults)
        if value >= self._together[faults]:  # as nearly always
            return None
        for fault in faults:
            value -= self._chances[fault]
            if value < 0:
                if fault not in self._kinds:
                    return None
                self._hits += 1
                if self._hits in self._skipped:
                    return None
                self.note(fault)
                return fault
        return None

    def note(self, fault: str) -> None:
        """It has happened."""
        self.counts[fault] += 1
        self.hits.append((self._hits, fault))

    def between(self, least: float, most: float) -> float:
        """How long, how many."""
        return self._sizes.uniform(least, most)
