"""Finds in the archive the object that holds an event: in those of its minutes, and in no more.

Firehose names an object by its stream, its settings' version and a time, which is about that of its
oldest record; it delivers after a minute. So names are in the order of time, and a few of them
can hold an event.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Any

from shared.read_models.archive import salvaged

BEFORE, AFTER = timedelta(minutes=2), timedelta(minutes=15)
"""How far an object's name may be from the time of an event in it."""
MOST_OBJECTS = 60
"""That are read in one question. Offline each record is an object of its own."""
MOST_NAMES = 2000
"""That are looked through for the nearest ones: two lists of S3."""
MOST_BYTES = 8 * 1024 * 1024
"""That are read in one question, as they are stored: four full ones."""
_TIME = "%Y-%m-%d-%H-%M-%S"
_NAME = re.compile(r"(?P<stem>.+-)(?P<time>\d{4}(-\d{2}){5})-[0-9a-f-]{36}[.]jsonl[.]gz")


@dataclass(frozen=True, slots=True)
class Sought:
    """An event to look for."""

    event_id: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """The object that holds an event."""

    key: str
    size: int
    delivered_at: datetime


@dataclass(frozen=True, slots=True)
class Search:
    """What was found by event id. With ``is_cut``, more objects could hold what is missing."""

    found: dict[str, Found]
    objects: int
    is_cut: bool


class ArchivedEvents:
    """``client`` is a botocore S3 client."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def search(self, sought: Sequence[Sought]) -> Search:
        """Read the objects of the events' minutes, the nearest first, until all are found."""
        missing = {it.event_id: it.occurred_at for it in sought}
        found: dict[str, Found] = {}
        read: dict[str, int] = {}
        is_cut = False
        for moment in sorted(missing.values()):
            if moment not in missing.values():
                continue
            near = self._near(moment)
            is_cut = is_cut or len(near) == MOST_NAMES
            for it in near:
                if moment not in missing.values():
                    break
                if it.key in read:
                    continue
                if len(read) == MOST_OBJECTS or sum(read.values()) + it.size > MOST_BYTES:
                    return Search(found, len(read), is_cut=True)
                read[it.key] = it.size
                for event_id in self._among(it.key, list(missing)):
                    found[event_id] = it
                    del missing[event_id]
        return Search(found, len(read), is_cut=is_cut and bool(missing))

    def _near(self, moment: datetime) -> list[Found]:
        """Objects whose names are about that time, the nearest first; MOST_NAMES at most."""
        near = islice(self._about(moment), MOST_NAMES)
        return sorted(near, key=lambda it: _distance(it.key, moment))

    def _about(self, moment: datetime) -> Iterator[Found]:
        end = _written(moment + AFTER)
        for day in sorted({f"{moment - BEFORE:%Y-%m-%d}", f"{moment + AFTER:%Y-%m-%d}"}):
            folder = f"events/day={day}/"
            first = next(self._list(folder, MaxKeys=1), None)
            name = _NAME.fullmatch(first.key.removeprefix(folder)) if first else None
            if name is not None:
                start = f"{folder}{name['stem']}{_written(moment - BEFORE)}"
                named = self._list(folder, StartAfter=start)
                yield from takewhile(lambda it: _time_of(it.key) <= end, named)

    def _list(self, folder: str, **page: Any) -> Iterator[Found]:
        while True:
            answer = self._client.list_objects_v2(Bucket=self._bucket, Prefix=folder, **page)
            for it in answer.get("Contents", []):
                yield Found(it["Key"], int(it["Size"]), it["LastModified"])
            if not answer.get("IsTruncated"):
                return
            page = {"ContinuationToken": answer["NextContinuationToken"]}

    def _among(self, key: str, event_ids: Sequence[str]) -> list[str]:
        body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        lines, _damage = salvaged(body)
        named = {it: f'"event_id":"{it}"'.encode() for it in event_ids}
        return [it for it, name in named.items() if any(name in line for line in lines)]


def _time_of(key: str) -> str:
    """The time in an object's name; none in another name, which is read like the others."""
    name = _NAME.fullmatch(key.rpartition("/")[2])
    return name["time"] if name else ""


def _distance(key: str, moment: datetime) -> timedelta:
    """How far an object's name is from a time; one without a time is looked at last."""
    time = _time_of(key)
    if not time:
        return timedelta.max
    named = datetime.strptime(time, _TIME).replace(tzinfo=moment.tzinfo)
    return abs(named - moment)


def _written(moment: datetime) -> str:
    return moment.strftime(_TIME)
