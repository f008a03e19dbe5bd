"""The functions that Kubernetes adds to CEL, as far as definitions in the wild call them.

A rule that calls another one cannot be compiled, and is reported by name: it is never skipped.
"""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
import re
from typing import Any
from urllib.parse import urlsplit

from cel_expr_python import cel
from cel_expr_python.ext import ext_optional, ext_strings

from tools.kubernetes.judge.names import qualified_problems, value_problems

_T = cel.Type
_ANY, _TEXT, _BOOL, _INT, _LIST = _T.DYN, _T.STRING, _T.BOOL, _T.INT, _T.LIST
_POWERS = (1e-9, 1e-6, 1e-3, 1.0, 1e3, 1e6, 1e9, 1e12, 1e15, 1e18)
_UNITS = {
    **dict(zip(("n", "u", "m", "", "k", "M", "G", "T", "P", "E"), _POWERS, strict=True)),
    **{f"{it}i": 1024.0 ** (number + 1) for number, it in enumerate("KMGTPE")},
}
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_CRON = (
    (0, 59, ""),
    (0, 23, ""),
    (1, 31, ""),
    (1, 12, _MONTHS),
    (0, 6, "sun mon tue wed thu fri sat"),
)
_SCHEDULES = tuple(
    f"@{it}" for it in ("yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly")
)
_SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86_400,
    "w": 604_800,
}


def _pattern(text: str) -> re.Pattern[str]:
    """A pattern of RE2 as Python's: ``$`` is the end of the text, ``\\d`` is ASCII."""
    return re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", text), re.ASCII)


def _find(text: str, pattern: str) -> str:
    found = _pattern(pattern).search(text)
    return found[0] if found else ""


def _find_all(text: str, pattern: str, most: int = -1) -> list[str]:
    found = [it[0] for it in _pattern(pattern).finditer(text)]
    return found if most < 0 else found[:most]


def _is_url(text: str) -> bool:
    try:
        found = urlsplit(text)
    except ValueError:
        return False
    return bool(found.scheme and (found.netloc or found.path)) or text.startswith("/")


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _is_cidr(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text


def _as_integer(value: Any) -> int:
    if isinstance(value, str) and not re.fullmatch(r"[+-]?[0-9]+", value, re.ASCII):
        raise ValueError("cannot convert string to int")
    if isinstance(value, datetime.datetime):
        return int(value.timestamp())
    return int(value)


def _as_time(text: str) -> datetime.datetime:
    found = datetime.datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)


def _as_duration(text: str) -> datetime.timedelta:
    parts = re.findall(r"([0-9]*\.?[0-9]+)(ns|us|µs|ms|s|m|h|d|w)", text)
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    return datetime.timedelta(seconds=-seconds if text.startswith("-") else seconds)


def _quantity(value: Any) -> float:
    """An amount of a resource, such as ``1500m`` or ``2Gi``, in units."""
    found = re.fullmatch(r"([+-]?[0-9.]+)(m|[unkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?", str(value))
    if found is None:
        raise ValueError("no quantity")
    unit = found[2] or ""
    if unit[1:].lstrip("+-").isdigit():
        return float(found[1]) * 10.0 ** int(unit[1:])
    return float(found[1]) * _UNITS[unit]


def _is_within(inner: str, outer: str) -> bool:
    try:
        one = ipaddress.ip_network(inner, strict=False)
        other = ipaddress.ip_network(outer, strict=False)
        return bool(one != other and one.subnet_of(other))  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return False


def _bytes_in(texts: Any) -> int:
    return sum(len(key.encode()) + len(text.encode()) for key, text in texts.items())


def _is_json(data: str) -> bool:
    try:
        return isinstance(json.loads(base64.b64decode(data)), dict)
    except ValueError:
        return False


def _is_schedule(text: str) -> bool:
    """Five fields of cron's, or one of the words for them."""
    if text.startswith("@"):
        return text in _SCHEDULES or bool(re.fullmatch(r"@every ([0-9.]+(ns|us|ms|s|m|h))+", text))
    fields = text.split()
    return len(fields) == len(_CRON) and all(map(_is_cron_field, fields, _CRON))


def _is_cron_field(text: str, allowed: tuple[int, int, str]) -> bool:
    least, most, words = allowed
    names = words.split()
    for part in text.lower().split(","):
        span, _, step = part.partition("/")
        ends = [it if it not in names else str(names.index(it) + least) for it in span.split("-")]
        if "/" in part and not (step.isdecimal() and int(step) > 0):
            return False
        if span in ("*", "?"):
            continue
        if len(ends) > 2 or not all(it.isdecimal() and least <= int(it) <= most for it in ends):
            return False
        if int(ends[0]) > int(ends[-1]):
            return False
    return True


def _plain(value: Any) -> Any:
    return value.plain_value() if isinstance(value, cel.Value) else value


def _member(name: str, result: Any, *overloads: tuple[list[Any], Any]) -> Any:
    declared = [
        cel.Overload(
            id=f"{name}_{number}",
            return_type=result,
            parameters=parameters,
            is_member=True,
            impl=lambda *given, do=do: do(*map(_plain, given)),
        )
        for number, (parameters, do) in enumerate(overloads)
    ]
    return cel.FunctionDecl(name, declared)


def _function(name: str, result: Any, parameters: list[Any], do: Any) -> Any:
    overload = cel.Overload(
        id=name,
        return_type=result,
        parameters=parameters,
        is_member=False,
        impl=lambda *given: do(*map(_plain, given)),
    )
    return cel.FunctionDecl(name, [overload])


def _of_lists(value: Any) -> Any:
    return [_plain(it) for it in value]


def environment() -> Any:
    """What rules are compiled in: ``self``, ``oldSelf`` and these functions."""
    own = cel.CelExtension(
        "kubernetes",
        [
            _member("find", _TEXT, ([_TEXT, _TEXT], _find)),
            _member(
                "findAll", _LIST, ([_TEXT, _TEXT], _find_all), ([_TEXT, _TEXT, _INT], _find_all)
            ),
            _member(
                "isSorted", _BOOL, ([_LIST], lambda it: _of_lists(it) == sorted(_of_lists(it)))
            ),
            _member("sum", _ANY, ([_LIST], lambda it: sum(_of_lists(it)))),
            _member("min", _ANY, ([_LIST], lambda it: min(_of_lists(it)))),
            _member("max", _ANY, ([_LIST], lambda it: max(_of_lists(it)))),
            _function("__int", _INT, [_ANY], _as_integer),
            _member("__as_time", _T.TIMESTAMP, ([_TEXT], _as_time)),
            _member("__as_duration", _T.DURATION, ([_TEXT], _as_duration)),
            _function("__quantity", _T.DOUBLE, [_ANY], _quantity),
            _function("__is_label_key", _BOOL, [_TEXT], lambda it: not [*qualified_problems(it)]),
            _function("__is_label_value", _BOOL, [_TEXT], lambda it: not [*value_problems(it)]),
            _function("__is_schedule", _BOOL, [_TEXT], _is_schedule),
            _function("__is_within", _BOOL, [_TEXT, _TEXT], _is_within),
            _function("__is_json", _BOOL, [_TEXT], _is_json),
            _function("__bytes_in", _INT, [_ANY], _bytes_in),
            _function("isURL", _BOOL, [_TEXT], _is_url),
            _function("isIP", _BOOL, [_TEXT], _is_ip),
            _function("isCIDR", _BOOL, [_TEXT], _is_cidr),
        ],
    )
    return cel.NewEnv(
        variables={"self": _ANY, "oldSelf": _ANY},
        extensions=[ext_strings.ExtStrings(), ext_optional.ExtOptional(), own],
    )
