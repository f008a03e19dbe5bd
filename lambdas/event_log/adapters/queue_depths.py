"""How many messages are in the queues of every service, as SQS counts them: nearly, and no more."""

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

MOST = 100
"""Queues that are asked: a service's own, and as many of dead letters."""
AT_ONCE = 8
COUNTS = {
    "ApproximateNumberOfMessages": "waiting",
    "ApproximateNumberOfMessagesNotVisible": "in_flight",
    "ApproximateNumberOfMessagesDelayed": "delayed",
}
_NAME = re.compile(
    r"(?P<service>[a-z][a-z0-9-]*)-(?P<id>[A-Z]\w*?)(?P<dead>DeadLetters)?[0-9A-F]{8}-\w+\Z"
)
"""A stack's name without what all begin with, then a logical id, as CloudFormation names queues."""


class Queue(msgspec.Struct, frozen=True):
    """``dead_letters`` are those of the queue; None where it has none, or none is known.

    The other counts are None of dead letters that belong to no queue.
    """

    name: str
    service: str
    waiting: int | None
    in_flight: int | None
    delayed: int | None
    dead_letters: int | None
    problem: str | None


class QueueDepths:
    """``client`` is a botocore SQS client; names of the queues begin with ``prefix``."""

    def __init__(self, client: Any, prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self._urls: dict[str, str] = {}

    def told(self, names: Iterable[str]) -> tuple[list[Queue], bool]:
        """Each queue with its dead letters, by service and name; whether there are more.

        Names that are not of CloudFormation's form are passed by.
        """
        known = sorted(set(names))
        found = {it: match for it in known if (match := self._parsed(it))}
        asked = list(found)[:MOST]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            counts = dict(zip(asked, pool.map(self._counted, asked), strict=True))
        pairs: dict[tuple[str, str], dict[str, Any]] = {}
        for name, counted in counts.items():
            match = found[name]
            of = pairs.setdefault((match["service"], match["id"].removesuffix("Queue")), {})
            of["dead" if match["dead"] else "own"] = counted
        told = [_queue(service, name, of) for (service, name), of in sorted(pairs.items())]
        return told, len(found) > MOST

    def _parsed(self, name: str) -> re.Match[str] | None:
        return _NAME.fullmatch(name.removeprefix(self._prefix))

    def _counted(self, name: str) -> Mapping[str, int] | str:
        """Counts by what we call them, or the kind of failure."""
        try:
            if name not in self._urls:
                self._urls[name] = self._client.get_queue_url(QueueName=name)["QueueUrl"]
            attributes = self._client.get_queue_attributes(
                QueueUrl=self._urls[name], AttributeNames=list(COUNTS)
            )["Attributes"]
        except Exception as error:
            return type(error).__name__
        return {ours: int(attributes.get(theirs, 0)) for theirs, ours in COUNTS.items()}


def _queue(service: str, name: str, of: Mapping[str, Any]) -> Queue:
    own, dead = of.get("own"), of.get("dead")
    problem = next((it for it in (own, dead) if isinstance(it, str)), None)
    counts = own if isinstance(own, Mapping) else {}
    letters = dead["waiting"] + dead["in_flight"] if isinstance(dead, Mapping) else None
    return Queue(
        name=name,
        service=service,
        waiting=counts.get("waiting"),
        in_flight=counts.get("in_flight"),
        delayed=counts.get("delayed"),
        dead_letters=letters,
        problem=problem,
    )
