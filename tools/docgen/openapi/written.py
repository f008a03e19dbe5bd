"""What people have written of an API, as the files of contracts/apis have it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import yaml

from tools.base.workspace import CHECKOUT

FOLDER = CHECKOUT / "contracts" / "apis"
COMMON = "common"
Schema = dict[str, Any]
FormT = TypeVar("FormT")


class NotWritten(LookupError):
    """A file of contracts/apis is missing or wrong; the message says where and what to do."""


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a request brings; ``form`` is where the code parses it, as ``module:class``."""

    form: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_.]+:[A-Za-z0-9]+$")]
    example: Any


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a request gets when all is well.

    ``schema`` and ``headers`` are names. ``links`` say which parameters of other operations the
    answer knows, by operation and parameter, as OpenAPI's runtime expressions.
    """

    description: str
    schema: str | None = None
    headers: tuple[str, ...] = ()
    example: Any = None
    links: dict[str, dict[str, str]] = {}


class Operation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One method of one path; ``parameters`` and ``problems`` are names."""

    route: Annotated[str, msgspec.Meta(pattern=r"^(GET|POST|PUT|PATCH|DELETE) /")]
    summary: str
    answers: dict[int, Answer]
    problems: tuple[str, ...]
    description: str | None = None
    parameters: tuple[str, ...] = ()
    body: Body | None = None


class Common(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all APIs share, by name, in OpenAPI's own terms."""

    parameters: dict[str, Schema]
    headers: dict[str, Schema]
    schemas: dict[str, Schema]


class Api(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that is written of one service's API; operations by their ``operationId``.

    Where an app is written against ``types``, a file of TypeScript, they are schemas of answers.
    """

    title: str
    description: str
    operations: dict[str, Operation]
    parameters: dict[str, Schema] = {}
    headers: dict[str, Schema] = {}
    schemas: dict[str, Schema] = {}
    types: str | None = None


class _Loader(yaml.SafeLoader):
    """A name that stands twice in a mapping is an error; YAML's parser would take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if twice := {it for it in names if names.count(it) > 1}:
            raise yaml.YAMLError(f"{', '.join(sorted(twice))} stands twice {node.start_mark}")
        return super().construct_mapping(node, deep)


def services(folder: Path = FOLDER) -> list[str]:
    """The services whose APIs are described."""
    return sorted(it.stem for it in folder.glob("*.yaml") if it.stem != COMMON)


def common(folder: Path = FOLDER) -> Common:
    """What all APIs share. Raises NotWritten."""
    return _read(folder / f"{COMMON}.yaml", Common)


def api(service: str, folder: Path = FOLDER) -> Api:
    """What is written of one service's API. Raises NotWritten."""
    return _read(folder / f"{service}.yaml", Api)


def _read(file: Path, form: type[FormT]) -> FormT:
    try:
        parsed = yaml.load(file.read_text("utf-8"), _Loader)  # noqa: S506 - a safe one
        return msgspec.convert(parsed, form, strict=False)
    except FileNotFoundError as error:
        raise NotWritten(f"write {file}: an API without a document is nobody's contract") from error
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise NotWritten(f"{file}: {error}") from error


def names_in(schema: Mapping[str, Any]) -> set[str]:
    """The names of the schemas that one mentions."""
    return set(re.findall(r"#/components/schemas/(\w+)", msgspec.json.encode(schema).decode()))
