"""Judges a document before anything of it is deployed: its form by schema, its meaning by code."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import jsonschema

from shared.runtime.configuration import Profile, Refused
from tools.configuration import flags
from tools.configuration.documents import LONGEST, Document, canonical
from tools.configuration.errors import NotValid
from tools.configuration.problems import Problem, pointer, shown
from tools.configuration.services import Configured

_ROOMY = 200
"""Most problems of one profile that are told: a file that is wrong everywhere says so sooner."""


def check(documents: Iterable[tuple[Document, Configured]]) -> None:
    """Nothing happens if every document is right.

    Raises:
        NotValid: with everything that is wrong, in all of them.
    """
    if found := [it for document, service in documents for it in problems(document, service)]:
        raise NotValid(found)


def problems(document: Document, service: Configured) -> Iterator[Problem]:
    """What is wrong with a document, profile by profile."""
    expected = {it.name: it for it in service.profiles}
    for name in sorted(document.profiles.keys() - expected.keys()):
        rule = f"{service.name} has the profiles {', '.join(expected)}"
        yield Problem(document.file, pointer([name]), rule, shown(name))
    for name, profile in expected.items():
        if name not in document.profiles:
            yield Problem(document.file, pointer([name]), "every profile is there", "nothing")
        else:
            yield from _of_profile(document, service, profile)


def _of_profile(
    document: Document, service: Configured, profile: Profile[Any]
) -> Iterator[Problem]:
    """By schema first: what has the wrong form has no meaning to judge."""
    value = document.profiles[profile.name]
    found: list[Problem] = []
    if profile.name == "flags":
        found += flags.problems(value, document.file, profile.name)
    if schema := service.schemas.get(profile.name):
        found += _by_schema(value, schema, document.file, profile.name)
    content = canonical(value)
    if len(content) > LONGEST:
        found.append(
            Problem(
                document.file,
                pointer([profile.name]),
                f"at most {LONGEST} bytes",
                f"{len(content)} bytes",
            )
        )
    if not found:
        found += _by_meaning(content, profile, document.file)
    yield from found[:_ROOMY]


def _by_schema(value: Any, schema: dict[str, Any], file: str, profile: str) -> Iterator[Problem]:
    validator = jsonschema.Draft4Validator(schema)
    for error in sorted(validator.iter_errors(value), key=lambda it: list(map(str, it.path))):
        if error.validator == "additionalProperties" and isinstance(error.instance, dict):
            known = error.schema.get("properties", {})
            for key in sorted(error.instance.keys() - known.keys()):
                at = pointer([profile, *error.path, key])
                yield Problem(file, at, f"known keys are {', '.join(known)}", shown(key))
        else:
            at = pointer([profile, *error.path])
            rule = f"{error.validator} {json.dumps(error.validator_value, ensure_ascii=False)}"
            yield Problem(file, at, rule, shown(error.instance))


def _by_meaning(content: bytes, profile: Profile[Any], file: str) -> Iterator[Problem]:
    """The very judgement of the validator function and of the reader."""
    try:
        profile.read(content)
    except Refused as refused:
        for it in refused.violations:
            yield Problem(file, f"{pointer([profile.name])}{it.pointer}", it.rule, shown(it.value))
