"""Time and chance as simulated code sees them: from the world, never from the machine."""

from __future__ import annotations

import concurrent.futures
import datetime as real_datetime
import http.client
import os
import random
import sys
import time
import traceback
import types
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import urllib3

from tools.simulation.world import World

_real_time = time.time


class Present:
    """The world that runs now; the patches, made once, ask for it at each call."""

    world: World | None = None
    shows_lines = False
    """Whether log lines are made into texts, as nobody needs who does not read them."""
    http: Callable[[str, int], Any] | None = None
    web: Callable[..., Any] | None = None


def _world() -> World:
    assert Present.world is not None, "no simulation runs"
    return Present.world


def _time() -> float:
    world = _world()
    return world.now + (world.current.skew if world.current else 0.0)


def _time_ns() -> int:
    return int(_time() * 1e9)


def _monotonic() -> float:
    return _world().now


def _sleep(seconds: float) -> None:
    _world().pause(max(0.0, seconds))


class _Moment(real_datetime.datetime):
    """A datetime whose present is the world's."""

    @classmethod
    def now(cls, tz: real_datetime.tzinfo | None = None) -> _Moment:
        return cls.fromtimestamp(_time(), tz)

    @classmethod
    def utcnow(cls) -> _Moment:
        return cls.fromtimestamp(_time(), real_datetime.UTC).replace(tzinfo=None)


class _InTurn:
    """A pool whose threads take turns: the order in which they would run is one of many."""

    def __init__(self, _workers: int | None = None, **_options: Any) -> None:
        pass

    def __enter__(self) -> _InTurn:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def map(self, do: Callable[..., Any], *items: Iterable[Any], **_options: Any) -> Iterator[Any]:
        """Everything at once, one after the other."""
        return iter([do(*each) for each in zip(*items, strict=False)])


class _Connection:
    """``http.client.HTTPConnection`` to what stands beside a function."""

    def __new__(cls, host: str, port: int | None = None, **_options: Any) -> Any:
        assert Present.http is not None
        return Present.http(host, port or 80)


class _Pool:
    """``urllib3.PoolManager`` to what is outside of AWS; botocore has a name of its own for it."""

    def __new__(cls, *_: Any, **options: Any) -> Any:
        assert Present.web is not None
        return Present.web(**options)


class _Lines:
    """Standard output of the functions: lines of the trace."""

    def write(self, text: str) -> int:
        world = Present.world
        if world is not None and world.is_traced and text != "\n":
            world.tell(world.current.name if world.current else "-", "log", text.rstrip("\n"))
        return len(text)

    def flush(self) -> None:
        pass


_real_format_tb = traceback.format_tb
_real_fields = msgspec.structs.fields
_fields_of: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


def _fields(form: Any) -> Any:
    """Of a form always the same, and slow: each process reads its environment by them."""
    found = _fields_of.get(form)
    if found is None:
        found = _fields_of[form] = _real_fields(form)
    return found


def _format_tb(*about: Any, **limits: Any) -> list[str]:
    """Of an error that is logged; it takes a millisecond."""
    return _real_format_tb(*about, **limits) if Present.shows_lines else []


def _datetime_module() -> types.ModuleType:
    module = types.ModuleType("datetime")
    module.__dict__.update(real_datetime.__dict__)
    module.datetime = _Moment  # type: ignore[attr-defined]
    return module


DATETIME = _datetime_module()
"""What the code under simulation imports in place of ``datetime``."""


@contextmanager
def virtual_machine(seed: int) -> Iterator[None]:
    """Within it, time and chance are the world's."""
    bytes_of = random.Random(f"bytes {seed}")  # noqa: S311 - it has to be repeatable
    patches: list[tuple[Any, str, Any]] = [
        (time, "time", _time),
        (time, "time_ns", _time_ns),
        (time, "monotonic", _monotonic),
        (time, "perf_counter", _monotonic),
        (time, "sleep", _sleep),
        (os, "urandom", bytes_of.randbytes),
        (random, "_urandom", bytes_of.randbytes),
        (concurrent.futures, "ThreadPoolExecutor", _InTurn),
        (http.client, "HTTPConnection", _Connection),
        (urllib3, "PoolManager", _Pool),
        (traceback, "format_tb", _format_tb),
        (msgspec.structs, "fields", _fields),
        (sys, "stdout", _Lines()),
        (os, "environ", os.environ),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in patches]
    state = random.getstate()
    random.seed(f"code {seed}")
    for owner, name, value in patches:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)
        random.setstate(state)


def real_clock() -> float:
    """Seconds of the machine's own clock, for measurements."""
    return _real_time()
