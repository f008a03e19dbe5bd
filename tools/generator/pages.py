"""What is written anew whenever a service comes or goes, as it was before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

WRITTEN = (
    "CODEOWNERS",
    "contracts/asyncapi.json",
    "contracts/openapi/*.json",
    "contracts/released/**/*.json",
    "docs/*.md",
    "docs/**/*.svg",
    "tests/infra/__snapshots__/**/*",
    "web/src/figures/*.json",
)


@dataclass(frozen=True, slots=True)
class Pages:
    """The files that follow from what there is, with their content."""

    checkout: Path
    contents: dict[Path, bytes]

    @classmethod
    def of(cls, checkout: Path) -> Pages:
        """As they are now."""
        return cls(checkout, {file: file.read_bytes() for file in _files(checkout)})

    def restore(self) -> None:
        """Make them so again: one that has come up since goes."""
        for file in _files(self.checkout):
            if file not in self.contents:
                file.unlink()
        for file, content in self.contents.items():
            if not file.exists() or file.read_bytes() != content:
                file.write_bytes(content)


def _files(checkout: Path) -> list[Path]:
    return [file for glob in WRITTEN for file in checkout.glob(glob) if file.is_file()]
