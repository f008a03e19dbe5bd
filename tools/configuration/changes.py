"""What a deployment of git's documents would change, profile by profile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tools.base.target import Target
from tools.configuration import deployed, documents
from tools.configuration.deployed import Place, Served
from tools.configuration.differences import ABSENT, Difference, differences
from tools.configuration.documents import Document
from tools.configuration.errors import NotValid
from tools.configuration.flags import NoFlags


@dataclass(frozen=True, slots=True)
class Change:
    """One profile whose deployed value is not git's. ``served`` is None before the first."""

    document: Document
    at: Place
    profile: str
    served: Served | None
    differences: tuple[Difference, ...]

    @property
    def value(self) -> Any:
        """What git has."""
        return self.document.profiles[self.profile]

    @property
    def is_by_hand(self) -> bool:
        """Whether what is deployed does not come from git: it is not what its description says."""
        if self.served is None:
            return False
        provenance = self.served.provenance
        if provenance is None:
            return True
        kept = _value(self.at, self.profile, self.served)
        return kept is ABSENT or documents.digest(kept) != provenance.sha256


def changes(target: Target, document: Document, at: Place) -> Iterable[Change]:
    """The profiles of a document that are deployed otherwise, or not at all."""
    for profile, value in document.profiles.items():
        served = deployed.served(target.client("appconfig"), at, profile)
        kept = ABSENT if served is None else _value(at, profile, served)
        if found := tuple(differences(value, kept, (profile,))):
            yield Change(document, at, profile, served, found)


def _value(at: Place, profile: str, served: Served) -> Any:
    """The deployed value in git's form; what has no such form is shown as text."""
    try:
        return at.profiles[profile].from_appconfig(served.content)
    except (NotValid, NoFlags):
        return served.content.decode(errors="replace")
