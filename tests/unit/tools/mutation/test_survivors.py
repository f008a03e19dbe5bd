"""A survivor has a reason, a reason has a survivor, and the rate counts what could be killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.checks.mutation.survivors import Survivor, judge, known

ENTRY = """
[[survivor]]
mutant = "{mutant}"
kind = "{kind}"
reason = "{reason}"
"""


def write(folder: Path, *entries: tuple[str, str, str]) -> Path:
    file = folder / "survivors.toml"
    file.write_text(
        "".join(
            ENTRY.format(mutant=mutant, kind=kind, reason=reason)
            for mutant, kind, reason in entries
        )
    )
    return file


def test_the_projects_own_survivors_all_have_a_reason() -> None:
    assert all(len(it.reason) > 20 for it in known().values())


@pytest.mark.parametrize(
    "entries",
    [
        [("a", "equivalent", " ")],
        [("a", "ignored", "because")],
        [("a", "accepted", "because"), ("a", "equivalent", "because")],
    ],
    ids=["no reason", "no kind", "twice"],
)
def test_an_entry_that_explains_nothing_is_refused(
    tmp_path: Path, entries: list[tuple[str, str, str]]
) -> None:
    with pytest.raises(ValueError, match="a: "):
        known(write(tmp_path, *entries))


def test_what_survives_without_a_reason_is_named_and_so_is_a_reason_without_a_survivor() -> None:
    survivors = {
        name: Survivor(name, kind, "because")  # type: ignore[arg-type]
        for name, kind in (
            ("same", "equivalent"),
            ("known", "accepted"),
            ("dead", "accepted"),
            ("gone", "equivalent"),
            ("not run", "equivalent"),
        )
    }
    verdicts = {
        "same": "survived",
        "known": "untested",
        "dead": "killed",
        "new": "survived",
        "nobody": "untested",
        "other": "killed",
    }
    result = judge(verdicts, survivors, [*verdicts, "not run"])
    assert result.unexplained == ("new", "nobody")
    assert result.stale == ("dead", "gone")
    assert (result.total, result.killed, result.equivalent) == (6, 2, 1)
    assert result.rate == 2 / 5
