"""No list ends silently: whoever calls an operation of AWS that pages reads on to its end."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

ROOT = Path(__file__).parents[2]
CODE = (
    "lambdas",
    # What is measured is a system of its own, small enough for one page.
    *sorted(
        f"tools/{it.name}"
        for it in (ROOT / "tools").iterdir()
        if it.is_dir() and it.name not in ("measure", "__pycache__")
    ),
)
SERVICES = (
    *("appconfig", "cloudformation", "cloudwatch", "dynamodb", "events", "iam", "kinesis", "kms"),
    *("lambda", "logs", "resourcegroupstaggingapi", "s3", "secretsmanager", "sns", "sqs", "ssm"),
    "stepfunctions",
)
ONE_PAGE = {
    (
        "lambdas/shared/runtime/configuration_deployments.py",
        "list_deployments",
    ): "newest first, as AppConfig documents it",
    ("lambdas/orders/handlers/scan_events.py", "scan"): "the store's own scan, which pages",
    ("lambdas/shipping/adapters/dynamodb_shipments.py", "query"): "a number names one shipment",
    ("lambdas/releases/adapters/ecs_canary.py", "describe_stacks"): "of one stack, by its name",
    ("lambdas/releases/adapters/ecs_canary.py", "get_metric_data"): "a few figures of minutes",
    ("lambdas/releases/adapters/running_executions.py", "list_executions"): "a thousand run",
    (
        "lambdas/releases/adapters/shown_releases.py",
        "get_execution_history",
    ): "from its end, as much as a page shows",
    ("lambdas/shared/read_models/log_positions.py", "query"): "as many shards as a page shows",
    ("lambdas/shared/read_models/parked_records.py", "query"): "a place names one record",
    ("lambdas/shared/read_models/rebuild_runs.py", "list_executions"): "newest first: one alone",
    ("tools/emulator/deploy.py", "describe_stacks"): "of one stack, by its name",
    ("tools/emulator/payment_provider/server.py", "list_keys"): "the provider's, not AWS's",
    ("tools/local/faults/at_the_log.py", "query"): "newest first: one alone",
    ("tools/recovery/exports.py", "list_objects_v2"): "by its whole name, which comes first",
    ("tools/recovery/restore.py", "query"): "of one order's saga: a dozen small items",
    ("tools/smoke/account.py", "describe_alarms"): "a hundred of them, by their names",
    ("tools/smoke/account.py", "list_deployments"): "newest first, and one alone is under way",
    ("tools/teardown/deletion.py", "describe_stacks"): "of one stack, by its name",
    ("tools/teardown/documents.py", "list_hosted_configuration_versions"): "until empty",
}
"""Calls that need no second page, and why."""


@cache
def tokens() -> dict[str, set[str]]:
    """By method, the names of what an answer holds if there is more."""
    found: dict[str, set[str]] = defaultdict(set)
    for service in SERVICES:
        try:
            model = Loader().load_service_model(service, "paginators-1")
        except UnknownServiceError:
            continue
        for operation, paging in model["pagination"].items():
            named = paging.get("more_results", []), paging["output_token"]
            for names in named:
                every = [names] if isinstance(names, str) else names
                found[xform_name(operation)] |= {name.split(".")[-1] for name in every}
    return found


def calls_without_an_end(source: str) -> Iterator[str]:
    """Methods that page, called in a function which never looks whether there is more."""
    lines = source.splitlines()
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        text = "\n".join(lines[function.lineno - 1 : function.end_lineno])
        for call in ast.walk(function):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                continue
            method = call.func.attr
            if method in tokens() and not any(token in text for token in tokens()[method]):
                yield method


@pytest.mark.parametrize("folder", CODE)
def test_every_list_is_read_to_its_end(folder: str) -> None:
    found = [
        (path.relative_to(ROOT).as_posix(), method)
        for path in sorted((ROOT / folder).rglob("*.py"))
        for method in calls_without_an_end(path.read_text("utf-8"))
    ]
    assert [call for call in found if call not in ONE_PAGE] == []


def test_a_list_that_ends_with_its_first_page_is_found() -> None:
    planted = "def shards(client):\n    return client.list_shards(StreamName='s')['Shards']\n"
    assert list(calls_without_an_end(planted)) == ["list_shards"]
    mended = planted + "    # NextToken\n"
    assert list(calls_without_an_end(mended.replace("return", "NextToken ="))) == []


def test_what_needs_one_page_is_still_there() -> None:
    for name, method in ONE_PAGE:
        assert f".{method}(" in (ROOT / name).read_text("utf-8")
