"""docs/api.md: what there is to call, as people read it, made from contracts/openapi."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from contracts.schemas import APIS, Schema, documents_in
from tools.base.workspace import CHECKOUT

PAGE = CHECKOUT / "docs" / "api.md"
ABOUT = """# APIs

What there is to call, written by `make generate` from `contracts/openapi`, where each document is \
whole: schemas, headers, and how each refusal looks. `make client` makes a Python client of each, \
and any OpenAPI 3.1 tool one in your language; ours are made by the tests as well, which use them \
([test_generated_client.py](../tests/e2e/test_generated_client.py)). The GraphQL API has \
[its schema](../contracts/graphql/orders.graphql), gRPC [its proto](../contracts/proto).

A token comes from the login's pages for customers, and by `client_credentials` for partners. \
Partners bring a key besides, and carriers a key alone, in `x-api-key`. Where \
an operation takes `Idempotency-Key`, send one of your own making, and the same when you repeat \
the request: it is done once. Where an answer has `Location`, what you did is seen there a moment \
later.

Every operation can also answer 401 (no token, or a wrong one), 429 (try later), 500 and 504. \
Refusals are problem documents (RFC 9457): `type` says which problem it is, `detail` what to do.
"""
EVERYWHERE = {"401", "429", "500", "504"}
BOUNDS = {"minimum": "from", "maximum": "to", "format": "as", "default": "else"}


def page() -> str:
    """What the page should hold."""
    parts = [ABOUT, *(_api(name, it) for name, it in sorted(documents_in(APIS).items()))]
    return "\n".join(parts)


def _api(file: str, document: Schema) -> str:
    title = document["info"]["title"].partition(": ")[2]
    lines = [
        f"## {title}",
        "",
        document["info"]["description"],
        "",
        f"[{file}](../contracts/openapi/{file}). {_address(document)}",
        "",
        "| operation | what it does | who may | answers | refusals |",
        "| --- | --- | --- | --- | --- |",
        *_rows(document),
        "",
        *(part for it in _operations(document) for part in _shown(document, *it)),
    ]
    return "\n".join(lines)


def _operations(document: Schema) -> Iterator[tuple[str, Schema]]:
    for path, methods in document["paths"].items():
        for method, it in methods.items():
            yield f"{method.upper()} {path}", it


def _shown(document: Schema, route: str, operation: Schema) -> Iterator[str]:
    """What the request can bring, and an example of both ways."""
    parameters = [_resolved(document, it) for it in operation.get("parameters", ())]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    yield f"### `{route}`\n"
    yield f"`{operation['operationId']}` in clients.\n"
    yield from (_parameter(document, it) for it in parameters)
    yield from [""] * bool(parameters)
    if body:
        yield from _example("sends", body["example"])
    for status, answer in operation["responses"].items():
        if status < "4":
            content = answer.get("content", {}).get("application/json")
            if content:
                yield from _example(f"gets {status}", content["example"])
            else:
                yield f"*gets {status}*, without a body\n"


def _parameter(document: Schema, parameter: Schema) -> str:
    must = "needed" if parameter.get("required") else "may be left out"
    schema = _resolved(document, parameter["schema"])
    bounds = [f"{word} {schema[key]}" for key, word in BOUNDS.items() if key in schema]
    said = ", ".join([parameter["in"], must, *bounds])
    what = parameter.get("description") or schema.get("description", "")
    return f"- `{parameter['name']}` ({said}){': ' * bool(what)}{what}"


def _example(what: str, value: Any) -> Iterator[str]:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    yield f"*{what}*\n\n```json\n{text}\n```\n"


def _resolved(document: Schema, part: Schema) -> Schema:
    if "$ref" not in part:
        return part
    found: Any = document
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return _resolved(document, found)


def _rows(document: Schema) -> Iterator[str]:
    for route, it in _operations(document):
        asked = [
            " and ".join(f"`{' '.join(need[name]) or name}`" for name in need)
            for need in it["security"]
        ]
        answers = [status for status in it["responses"] if status < "4"]
        refusals = [
            f"{status} {', '.join(f'`{kind}`' for kind in _kinds(document, answer))}"
            for status, answer in it["responses"].items()
            if status >= "4" and status not in EVERYWHERE
        ]
        what = it["summary"] + (f". {it['description']}" if "description" in it else "")
        cells = (f"`{route}`", what, " and ".join(asked), ", ".join(answers))
        yield f"| {' | '.join(cells)} | {'; '.join(refusals)} |"


def _kinds(document: Schema, answer: Schema) -> list[str]:
    content: Any = next(iter(_resolved(document, answer)["content"].values()))
    return list(content["examples"])


def _address(document: Schema) -> str:
    return str(document["servers"][0]["description"])
