"""The parity ledger names all that the templates use; what it claims has a proof and a guard."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.infra.rules.of_templates import RULES
from tests.infra.system import CHECKOUT, System, synthesized
from tools.base.target import ENVIRONMENTS
from tools.docgen.parity_document import DOCUMENT, document, uses_of
from tools.emulator import parity

LEDGER = parity.ledger()
COMMON_GUARD = "test_types_that_are_unknown_are_those_that_the_ledger_calls_absent"
MATTERS = re.compile(
    r"Encryption|SSESpec|KmsKey|KmsMasterKey|KeyPolicy|KeyRotation|Retention|TimeToLive|PointInTime"
    r"|DeletionProtection|ObjectLock|Lifecycle|Versioning|PublicAccessBlock|MaximumRetry|RecordAge"
    r"|Bisect|FunctionResponseTypes|Parallelization|FilterCriteria|FilterPolicy|Concurren"
    r"|DeadLetter|Redrive|RetryPolicy|^Destination(Config)?$|RequestValidator|AccessLog|Throttl"
    r"|^Quota$|RoutingConfig|Rotation|Validators|Logging(Config|Level)|DataTrace|Tracing"
    r"|Compression|FileExtension|Buffering|^Prefix$|ErrorOutputPrefix|Architectures|MemorySize"
    r"|^Timeout$|VisibilityTimeout|ApiKeyRequired|AuthorizationType|ScheduleExpression"
)
CONTENT = {"Tags", "Environment", "PolicyDocument", "DefinitionString", "EventPattern"}
CONTENT |= {"DefinitionSubstitutions", "ResponseTemplates", "Schema", "FilterPolicy"}
"""Properties whose parts are not the template's own, but content that it carries."""
DOES_NOT_MATTER = {
    "AWS::ApiGateway::UsagePlan": {"Throttle.BurstLimit", "Throttle.RateLimit"},
    "AWS::ECS::TaskDefinition": {"ContainerDefinitions.HealthCheck.Timeout"},
    "AWS::VpcLattice::Rule": {"Match.HttpMatch.PathMatch.Match.Prefix"},
    "AWS::S3::Bucket": {"LifecycleConfiguration.Rules.Prefix"},
    "AWS::KinesisFirehose::DeliveryStream": {
        "ExtendedS3DestinationConfiguration.CloudWatchLoggingOptions"
    },
}


def entries() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Everything that the ledger says, types and properties alike."""
    for name, entry in LEDGER["types"].items():
        yield name, entry
        for path, its in entry.get("properties", {}).items():
            yield f"{name} {path}", its
    for entry in LEDGER["elsewhere"]:
        yield entry["what"], {"offline": "elsewhere", **entry}


ENTRIES = dict(entries())


def test_every_type_in_the_templates_is_in_the_ledger(system: System) -> None:
    assert {it.type for it in system.resources()} <= set(LEDGER["types"])


def test_every_property_that_matters_is_in_the_ledger(system: System) -> None:
    missing = {
        f"{resource.type} {path}"
        for resource in system.resources()
        for path in _paths(resource.properties)
        if MATTERS.search(path.rpartition(".")[2]) and not _is_named(resource.type, path)
    }
    assert missing == set()


@pytest.mark.parametrize("name", ENTRIES)
def test_what_deviates_names_its_guards_or_says_why_there_can_be_none(name: str) -> None:
    entry = ENTRIES[name]
    asked = entry["offline"] in {"partial", "dropped", "elsewhere"}
    assert (("guards" in entry) != ("unguarded" in entry)) == asked
    assert entry.get("guards", ["one"])


def test_every_guard_in_the_ledger_is_a_test_and_every_guard_is_in_the_ledger() -> None:
    named = {guard for entry in ENTRIES.values() for guard in entry.get("guards", [])}
    assert named | {COMMON_GUARD} == set(_guards())


@pytest.mark.parametrize("name", [it for it in ENTRIES if ENTRIES[it]["offline"] == "dropped"])
def test_what_is_dropped_is_seen_on_the_templates(name: str) -> None:
    proofs = {rule.__name__ for rule in RULES} | set(_tests_in(CHECKOUT / "tests" / "infra"))
    assert ENTRIES[name]["proved_by"] in proofs


def test_the_document_is_what_make_parity_writes() -> None:
    templates = [
        (template.service, template.body)
        for environment in ENVIRONMENTS
        for template in synthesized(environment).templates.values()
    ]
    written = document(LEDGER, uses_of(templates))
    assert DOCUMENT.read_text("utf-8") == written, "docs/parity.md is stale: run `make parity`"


def _is_named(type: str, path: str) -> bool:
    """By itself, or with what it is a part of."""
    parts = path.split(".")
    places = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    named = set(LEDGER["types"].get(type, {}).get("properties", {})) | DOES_NOT_MATTER.get(
        type, set()
    )
    return bool(places & named)


def _paths(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _paths(item, path)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            if key == "Ref" or key.startswith("Fn::"):
                continue
            its_path = f"{path}.{key}".lstrip(".")
            yield its_path
            if key not in CONTENT:
                yield from _paths(part, its_path)


def _guards() -> Iterator[str]:
    for file in (CHECKOUT / "tests" / "integration").glob("test_parity_guards*.py"):
        yield from _names_of_tests(file)


def _tests_in(folder: Path) -> Iterator[str]:
    for file in folder.glob("test_*.py"):
        yield from _names_of_tests(file)


def _names_of_tests(file: Path) -> Iterator[str]:
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name
