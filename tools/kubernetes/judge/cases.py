"""Judges cases, one JSON object a line: a bad line gets an error, and costs no other."""

from __future__ import annotations

import json
import math
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tools.kubernetes.judge import builtin, paths, server
from tools.kubernetes.judge.causes import ROOT, Cause, Verdict, compact, refused
from tools.kubernetes.judge.definitions import Definitions
from tools.kubernetes.judge.numbers import read_integer
from tools.kubernetes.judge.rules import NotCompiled

OPERATIONS = ("create", "create+update")
BODY_BYTES = 3 * 1024 * 1024
"""What the server reads of a request."""


_HALF = re.compile("[\ud800-\udfff]")


class BadCase(Exception):
    """A line is no case; the message says what is wrong with it."""


class _Fields(dict[str, Any]):
    """An object of JSON that remembers which of its fields stand there twice."""

    twice: tuple[str, ...] = ()


def judge_lines(lines: Iterable[bytes], served: Definitions) -> Iterable[dict[str, Any]]:
    """A verdict for each line that is not blank: ``{id, verdict, causes}``.

    ``verdict`` is ``error`` for a line that is no case, with ``line`` and the cause; ``id`` is what
    the line says, or None.
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _judged_line(number, line, served)


def write_atomically(file: Path, verdicts: Iterable[dict[str, Any]]) -> int:
    """Write them, all or none; return how many are errors."""
    errors = 0
    descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            for each in verdicts:
                errors += each["verdict"] == "error"
                stream.write(json.dumps(each, ensure_ascii=False) + "\n")
        Path(draft).chmod(0o644)
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return errors


def judge(case: dict[str, Any], served: Definitions) -> Verdict:
    """The verdict on a case: on ``manifest``, or on ``update`` after ``manifest`` was accepted.

    Raises:
        BadCase: it has no operation, or no manifest for it; or the first of two is refused.
        NotCompiled: a rule of its definition cannot be evaluated here.
    """
    operation = case.get("operation")
    if operation not in OPERATIONS:
        raise BadCase(f"operation must be one of {', '.join(OPERATIONS)}, not {operation!r}")
    first = _judged(_object(case, "manifest"), None, served)
    if operation == "create":
        return first
    replacement = _object(case, "update")
    if first.stored is None:
        why = first.causes[0].message if first.causes else "it is refused"
        raise BadCase(f"manifest must be accepted before its update is judged: {why}")
    return _judged(replacement, first.stored, served)


def _judged(
    manifest: dict[str, Any], before: dict[str, Any] | None, served: Definitions
) -> Verdict:
    """What becomes of a new object, or of a replacement of the one that was there before."""
    unread = _undecodable(manifest)
    if unread is not None:
        return unread
    if builtin.is_built_in(manifest, served):
        return builtin.judge(manifest, before)
    if before is None:
        return server.create(manifest, served)
    return server.update(manifest, before, served)


def _object(case: dict[str, Any], name: str) -> dict[str, Any]:
    found = case.get(name)
    if not isinstance(found, dict):
        raise BadCase(f"{name} must be an object, not {json.dumps(found)[:40]}")
    return found


def _judged_line(number: int, line: bytes, served: Definitions) -> dict[str, Any]:
    known_as = None
    try:
        case = _read(line)
        known_as = case.get("id")
        if not isinstance(known_as, str) or not known_as:
            raise BadCase("id must be a text")
        verdict = judge(case, served)
    except (BadCase, NotCompiled) as error:
        return _error(number, known_as, str(error))
    except RecursionError:
        return _error(number, known_as, "it is nested too deeply")
    except Exception as error:  # a fault of the judge costs one case, not all
        return _error(number, known_as, f"the judge failed: {error!r}")
    shown = [it.shown() for it in verdict.causes]
    return {"id": known_as, "verdict": verdict.word, "causes": shown}


def _error(number: int, known_as: Any, message: str) -> dict[str, Any]:
    cause = Cause(ROOT, "BadCase", "input", f"line {number}: {message}")
    return {
        "id": known_as if isinstance(known_as, str) else None,
        "line": number,
        "verdict": "error",
        "causes": [cause.shown()],
    }


def _read(line: bytes) -> dict[str, Any]:
    try:
        case = json.loads(
            line.decode("utf-8-sig"),
            parse_int=read_integer,
            parse_constant=_no_constant,
            object_pairs_hook=_fields,
        )
    except (UnicodeDecodeError, json.JSONDecodeError, ValueError) as error:
        raise BadCase(f"not JSON: {error}") from error
    if not isinstance(case, dict):
        raise BadCase("not a JSON object")
    whole: dict[str, Any] = _without_halves(case) if b"\\ud" in line.lower() else case
    return whole


def _without_halves(value: Any) -> Any:
    """The value as the server reads it: half of a surrogate pair is no character."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_halves(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = _Fields({_without_halves(name): _without_halves(each) for name, each in value.items()})
    found.twice = getattr(value, "twice", ())
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    names = [name for name, _ in pairs]
    repeated = _Fields(found)
    repeated.twice = tuple(sorted({it for it in names if names.count(it) > 1}))
    return repeated


def _undecodable(manifest: dict[str, Any]) -> Verdict | None:
    """What the server refuses as it reads: too much, fields twice, numbers beyond all formats."""
    if len(compact(manifest).encode()) > BODY_BYTES:
        told = f"Request entity too large: limit is {BODY_BYTES}"
        return refused([Cause(ROOT, "RequestEntityTooLarge", "schema", told)])
    found = list(_faults(manifest, ""))
    return refused(found) if found else None


def _faults(value: Any, path: str) -> Iterable[Cause]:
    if isinstance(value, list):
        for number, each in enumerate(value):
            yield from _faults(each, paths.index(path, number))
    if isinstance(value, _Fields):
        for name in value.twice:
            field = paths.child(path, name)
            yield Cause(field, "DuplicateField", "strict", f'duplicate field "{field}"')
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _faults(each, paths.child(path, name))
    if isinstance(value, float) and not math.isfinite(value):
        told = "json: cannot unmarshal number into Go value of type float64"
        yield Cause(path, "BadRequest", "schema", told)
