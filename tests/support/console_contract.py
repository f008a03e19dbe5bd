"""Whether an answer of the console's API is what `web/src/api.ts` says.

An answer with a field more or less than its type does not fit.
"""

from __future__ import annotations

from functools import cache

from jsonschema import Draft202012Validator

from bundling.workspace import ROOT
from tools.docgen.openapi.typescript import definitions
from tools.docgen.openapi.written import Schema

CONTRACT = ROOT / "web" / "src" / "api.ts"


def problems(type: str, answer: object) -> list[str]:
    """What of an answer does not fit a type of the contract, each with its path."""
    schema = schemas()
    assert type in schema["$defs"], f"the contract has no type {type}"
    validator = Draft202012Validator({**schema, "$ref": f"#/$defs/{type}"})
    errors = validator.iter_errors(answer)
    return sorted(f"{error.json_path}: {error.message[:200]}" for error in errors)


@cache
def schemas() -> Schema:
    """Every type of the contract by its name."""
    return {"$defs": definitions(CONTRACT.read_text("utf-8"))}
