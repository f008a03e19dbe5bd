"""What configuration and secrets add to a cold start of place-order, and what a cached read costs.

Arguments: the agent's address, and how many cached reads to measure. Everything that the handler
imports and makes without configuration and secrets is there before the clock starts.
"""

import importlib
import json
import os
import sys
import time
from typing import Any

from answer import answer_with
from botocore_stub import answer_below_signing

CUSTOMER = "7c1d6f5e-2f5b-4a5e-9d0a-3a8c6f0e1b22"
WITHOUT = (
    "shared.runtime.aws",
    "shared.runtime.api",
    "shared.runtime.clock",
    "shared.runtime.log",
    "shared.runtime.problems",
    "orders.environment",
    "orders.commands",
    "orders.adapters.dynamodb_event_store",
)
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:benchmark"  # noqa: S105 - a name
VERSION = "0f1e2d3c-0000-4000-8000-000000000000"


def measure(arguments: list[str]) -> dict[str, Any]:
    url, reads = arguments[0], int(arguments[1])
    os.environ |= {"CONFIGURATION_AGENT_URL": url, "CONFIGURATION_POLL_SECONDS": "3600"}
    for name in WITHOUT:
        importlib.import_module(name)
    aws = sys.modules["shared.runtime.aws"]
    aws.client("dynamodb")
    known = {name.partition(".")[0] for name in sys.modules}

    begun = time.perf_counter()
    configuration = importlib.import_module("orders.configuration")
    imported = time.perf_counter()
    terms = configuration.terms_for(CUSTOMER)
    read = time.perf_counter()
    secrets = importlib.import_module("shared.runtime.secrets")
    form = importlib.import_module("orders_language.quotes").SigningKey
    client = aws.brief_client("secretsmanager")
    made = time.perf_counter()
    answer_below_signing(client, {"GetSecretValue": secret})
    asked = time.perf_counter()
    version = secrets.VersionedSecret(client, SECRET, form).version(VERSION)
    fetched = time.perf_counter()

    if terms.max_lines != 17 or version is None:  # as the agent says, and not the default
        raise AssertionError(f"not read: {terms}, {version}")
    if "boto3" in sys.modules:
        raise AssertionError("boto3 was imported")
    current = importlib.import_module("shared.runtime.configuration").current
    profile = configuration.FLAGS
    warm = time.process_time()
    for _ in range(reads):
        current(profile)
    spent = time.process_time() - warm
    return {
        "configuration_ms": (read - begun) * 1000,
        "configuration_import_ms": (imported - begun) * 1000,
        "secrets_ms": (made - read + fetched - asked) * 1000,
        "cached_read_us": spent / reads * 1_000_000,
        "new_libraries": sorted({name.partition(".")[0] for name in sys.modules} - known),
    }


def secret(_request: bytes) -> dict[str, Any]:
    """The answer of Secrets Manager, for whichever stage."""
    return {"VersionId": VERSION, "SecretString": json.dumps({"key": "x" * 43})}


if __name__ == "__main__":
    answer_with(measure)
