"""The kinds of findings that are accepted, each with its reason, and which of them were needed."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.checks.audit.errors import AuditError
from tools.checks.audit.findings import Finding

FILE = Path(__file__).with_name("accepted.toml")
SHORTEST_REASON = 40


@dataclass(frozen=True, slots=True)
class Accepted:
    """One kind: a rule of a tool on resources of a type.

    ``resources`` are beginnings of logical ids, if not all of that type are meant.
    """

    tool: str
    rule: str
    type: str
    reason: str
    resources: tuple[str, ...] = ()

    def fits(self, finding: Finding) -> bool:
        """Whether the finding is of this kind."""
        return (finding.tool, finding.rule, finding.type) == (self.tool, self.rule, self.type) and (
            not self.resources or finding.resource.startswith(self.resources)
        )

    def parts(self) -> tuple[str, ...]:
        """The kind, or each of the resources that it names."""
        return self.resources or ("",)

    def __str__(self) -> str:
        named = f" ({', '.join(self.resources)})" if self.resources else ""
        return f"{self.tool} {self.rule} on {self.type}{named}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """``new`` has no reason; nothing needs ``unused`` any more; ``counts`` are what is accepted."""

    new: tuple[Finding, ...]
    unused: tuple[str, ...]
    counts: Counter[Accepted]

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to do."""
        return not self.new and not self.unused


def read(file: Path = FILE) -> tuple[Accepted, ...]:
    """The accepted kinds.

    Raises:
        AuditError: an entry has no reason, or a field that nobody knows.
    """
    try:
        entries = tomllib.loads(file.read_text("utf-8")).get("accepted", ())
        kinds = tuple(
            Accepted(**{**it, "resources": tuple(it.get("resources", ()))}) for it in entries
        )
    except (OSError, TypeError, tomllib.TOMLDecodeError) as malformed:
        raise AuditError(f"{file.name}: {malformed}") from malformed
    for kind in kinds:
        if len(kind.reason.strip()) < SHORTEST_REASON:
            raise AuditError(f"{file.name}: {kind} is accepted without a reason that says why")
    return kinds


def judge(findings: Iterable[Finding], kinds: Iterable[Accepted]) -> Judgement:
    """Compare what was found with what is accepted, both ways."""
    kinds = tuple(kinds)
    new: list[Finding] = []
    counts: Counter[Accepted] = Counter()
    needed: set[tuple[Accepted, str]] = set()
    for finding in sorted(findings):
        fitting = [kind for kind in kinds if kind.fits(finding)]
        if not fitting:
            new.append(finding)
        for kind in fitting:
            counts[kind] += 1
            needed |= {(kind, it) for it in kind.parts() if finding.resource.startswith(it)}
    unused = tuple(
        f"{kind}{f': nothing called {part}...' if part else ''}"
        for kind in kinds
        for part in kind.parts()
        if (kind, part) not in needed
    )
    return Judgement(tuple(new), unused, counts)
