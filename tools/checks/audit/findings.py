"""What the tools found, in one form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.checks.audit.errors import AuditError


@dataclass(frozen=True, order=True, slots=True)
class Finding:
    """One rule that one resource breaks, in one environment.

    ``template`` is the stack's name, ``resource`` its logical id there, and ``type`` the resource's
    type; what is wrong with a template as a whole has neither.
    """

    tool: str
    rule: str
    title: str
    template: str
    resource: str
    type: str

    def __str__(self) -> str:
        return f"{self.tool} {self.rule} ({self.title}): {self.template} {self.resource}"


def of_cfn_lint(printed: str, templates: Path) -> Iterator[Finding]:
    """From what ``cfn-lint --format json`` printed about the templates of a folder.

    Raises:
        AuditError: it printed something else.
    """
    for found in _parsed("cfn-lint", printed):
        file = Path(found["Filename"])
        path = [str(it) for it in found["Location"].get("Path") or ()]
        resource = path[1] if len(path) > 1 and path[0] == "Resources" else ""
        yield Finding(
            "cfn-lint",
            found["Rule"]["Id"],
            found["Rule"]["ShortDescription"],
            _stack(file.name),
            resource,
            _type_of(templates / file.name, resource),
        )


def of_checkov(printed: str) -> Iterator[Finding]:
    """From what ``checkov --output json`` printed.

    Raises:
        AuditError: it printed something else, or could not parse a template.
    """
    report = _parsed("checkov", printed)
    if not isinstance(report, dict) or "results" not in report:
        raise AuditError("checkov checked no template: it printed no results")
    if errors := report["results"].get("parsing_errors"):
        raise AuditError(f"checkov could not parse {', '.join(errors)}")
    for found in report["results"]["failed_checks"]:
        type, _, resource = found["resource"].partition(".")
        yield Finding(
            "checkov",
            found["check_id"],
            found["check_name"],
            _stack(Path(found["file_path"]).name),
            resource,
            type,
        )


def _parsed(tool: str, printed: str) -> Any:
    try:
        return json.loads(printed)
    except ValueError as malformed:
        raise AuditError(f"{tool} printed no JSON: {printed[-500:]!r}") from malformed


def _stack(file: str) -> str:
    return file.removesuffix(".template.json")


def _type_of(file: Path, resource: str) -> str:
    resources = json.loads(file.read_text("utf-8")).get("Resources", {})
    return str(resources.get(resource, {}).get("Type", ""))
