"""The archive: whatever Firehose or a back-fill wrote is read, and damage is not passed over."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.read_models.archive import Archive, salvaged
from tests.support.fakes.in_memory_s3 import InMemoryS3


@pytest.fixture
def s3() -> InMemoryS3:
    return InMemoryS3()


@pytest.fixture
def archive(s3: InMemoryS3) -> Archive:
    return Archive(s3, "archive")


def test_objects_are_read_whether_they_are_compressed_or_not(
    s3: InMemoryS3, archive: Archive
) -> None:
    s3.objects["events/day=2026-12-01/a.jsonl.gz"] = gzip.compress(b"one\ntwo\n")
    s3.objects["events/day=2026-12-01/b.jsonl.gz"] = b"three\n"
    s3.objects["events/day=2026-12-01/c.jsonl.gz"] = gzip.compress(b"4\n") + gzip.compress(b"5\n")
    assert list(archive.contents(sorted(s3.objects))) == [
        ("events/day=2026-12-01/a.jsonl.gz", [b"one", b"two"], None),
        ("events/day=2026-12-01/b.jsonl.gz", [b"three"], None),
        ("events/day=2026-12-01/c.jsonl.gz", [b"4", b"5"], None),
    ]


def test_every_page_of_both_kinds_of_objects_is_listed(s3: InMemoryS3, archive: Archive) -> None:
    days = [f"2026-12-{day:02}" for day in range(1, 8)]
    expected = {f"events/{kind}day={day}/x" for kind in ("", "backfill/") for day in days}
    s3.objects = dict.fromkeys([*expected, "failed/day=2026-12-01/x", "events/other"], b"x")
    assert {found.key for found in archive.objects()} == expected
    assert {found.key for found in archive.objects(since="2026-12-06")} == {
        key for key in expected if key.endswith(("12-06/x", "12-07/x"))
    }


@pytest.mark.parametrize("keep", [15, -1])
def test_an_object_that_was_cut_short_is_named(s3: InMemoryS3, archive: Archive, keep: int) -> None:
    s3.objects["events/day=2026-12-01/a"] = gzip.compress(b"one\ntwo\n" * 100)[:keep]
    ((key, _, damage),) = archive.contents(["events/day=2026-12-01/a"])
    assert (key, damage) == ("events/day=2026-12-01/a", "it is cut short")


NUMBERS = [b"%d" % number for number in range(50_000)]
LINES = b"".join(line + b"\n" for line in NUMBERS)


@pytest.mark.parametrize(
    "body",
    [LINES, gzip.compress(LINES), gzip.compress(LINES[:200_000]) + gzip.compress(LINES[200_000:])],
    ids=["plain", "compressed", "two in a row"],
)
def test_a_sound_object_is_read_whole(body: bytes) -> None:
    assert salvaged(body) == (NUMBERS, None)


@pytest.mark.parametrize("end", [0.1, 0.5, 0.99])
def test_of_an_object_that_was_cut_short_what_is_before_comes(end: float) -> None:
    body = gzip.compress(LINES)
    lines, damage = salvaged(body[: int(len(body) * end)])
    assert damage == "it is cut short"
    assert lines == NUMBERS[: len(lines)]


@given(st.binary(max_size=200))
def test_no_bytes_stop_the_reader(body: bytes) -> None:
    lines, _damage = salvaged(b"\x1f\x8b" + body)
    assert all(lines)


def test_a_damaged_object_is_named_and_the_next_one_read(s3: InMemoryS3, archive: Archive) -> None:
    s3.objects = {"a": gzip.compress(b"one\n")[:-6], "b": b"two\n", "c": b"\x1f\x8b\xff"}
    read = {key: (lines, damage is not None) for key, lines, damage in archive.contents("abc")}
    assert read == {"a": ([b"one"], True), "b": ([b"two"], False), "c": ([], True)}
