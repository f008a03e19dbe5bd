"""A copy of the checkout under git, in which one difference at a time is tried."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.drivers.copied_tree import INSTALLED, run
from tests.support.drivers.repository import commit, git
from tests.support.examples.differences import Difference
from tools.affected.selection import Selection, select
from tools.base.workspace import CHECKOUT

FAILED = re.compile(r"^(?:FAILED|ERROR) (tests/\S+?\.py(?:::[^ ]+)?)", re.MULTILINE)


class BrokenCopy:
    """``with copy.of(difference) as selection`` has the copy broken meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = git(CHECKOUT, "ls-files", "-z", "-co", "--exclude-standard")
        for name in filter(None, listed.split("\0")):
            if (CHECKOUT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(CHECKOUT / name, folder / name)
        for name in (*INSTALLED, ".venv", ".build"):
            (folder / name).symlink_to(CHECKOUT / name)
        git(folder, "init", "--quiet", "--initial-branch=main")
        commit(folder, "as it is")

    @contextmanager
    def of(self, difference: Difference) -> Iterator[Selection]:
        """Break it, say what that selects, and take it back."""
        file = self.folder / difference.path
        before = file.read_text("utf-8")
        assert difference.old in before, f"{difference.path} has no {difference.old!r} any more"
        file.write_text(before.replace(difference.old, difference.new, 1), "utf-8")
        try:
            yield select("main", self.folder)
        finally:
            file.write_text(before, "utf-8")

    def failing(self, tests: Iterable[str]) -> str:
        """The first of these tests that fails, by its id, or nothing.

        They are tried a few at a time, in their order: what is near the change fails first.
        """
        waiting, few = list(tests), 3
        while waiting:
            chosen, waiting = waiting[:few], waiting[few:]
            few *= 3
            said = self._said_of(chosen)
            if found := FAILED.search(said):
                return found[1]
        return ""

    def passes(self, test: str) -> bool:
        """Whether a test passes that is named by its id, or its file if that is none."""
        return not FAILED.search(self._said_of([test]))

    def _said_of(self, tests: list[str]) -> str:
        done = run(
            self.folder, "pytest", *tests, "-x", "-q", "-m", "not nightly", "--no-header",
            "--tb=no", "-rfE", "-p", "no:cacheprovider",
        )  # fmt: skip
        return done.stdout + done.stderr
