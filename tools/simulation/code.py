"""The code under simulation: imported once, while what it keeps in memory is each process's own.

In Lambda each process has modules of its own, and a cold start forgets what they hold. Modules of
their own would be slow here: dozens of copies of the same code leave nothing in the processor's
caches, and are set back after each run. So there is one copy, and what a module keeps for its
process lies in the memory of the process at work: caches, because ``functools`` is replaced while
the code is imported, and what ``OWN`` names. Nothing else may change; a run that changes anything
else fails: see ``Code.check``.
"""

from __future__ import annotations

import copy
import functools
import importlib
import importlib.abc
import importlib.machinery
import os
import sys
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from tools.base.workspace import CHECKOUT
from tools.simulation.virtual import DATETIME, Present

LAMBDAS = CHECKOUT / "lambdas"
PACKAGES = frozenset(path.name for path in LAMBDAS.iterdir() if (path / "__init__.py").exists())
Handler = Callable[[Any, Any], Any]
Plants = Mapping[str, tuple[str, str]]
"""By a file below ``lambdas``: a text that it has once, and what stands there instead."""
Memory = dict[Any, Any]
"""What one process has in memory; a new one has nothing."""
OWN = (
    ("shared.runtime.environment", "_loaded"),
    ("shared.runtime.configuration", "_known"),
    ("shared.runtime.configuration_shown", "_known"),
    ("shared.runtime.tracing.work", "_Present"),
    ("shared.runtime.tracing.spans", "_Waiting"),
)
"""Dictionaries, and classes whose attributes are variables, that belong to a process: by module and
name."""
MADE_ONCE = frozenset(
    {("shared.messaging.envelope", "_deep_decoder"), ("shared.runtime.aws", "_config")}
)
"""Caches of what holds no state and takes long to make, up to a seventh of a second: for all
processes."""
NEVER_MIND = frozenset({"shared.runtime.aws._models"})
"""What may change: botocore's models of services, which are the same whoever has read them."""
_NOTHING = object()


class Unplantable(Exception):
    """The text that a planted bug replaces is not in its file exactly once."""


class Shared(Exception):
    """A module keeps something for its process that other processes see here."""


class Code:
    """The modules of some handlers, such as ``orders.handlers.place_order.handler``.

    ``variables`` are there while they are imported, since botocore reads them then. ``compiled``
    keeps compiled code for others who import the same.
    """

    def __init__(
        self,
        handlers: Iterable[str],
        plants: Plants,
        compiled: dict[str, Any],
        variables: dict[str, str],
    ) -> None:
        finder = _Finder(plants, compiled)
        caches = _Caches()
        aside = {key: value for key, value in sys.modules.items() if _is_ours(key)}
        for key in aside:
            del sys.modules[key]
        replaced = {"datetime": DATETIME, "functools": caches.functools()}
        real = {name: sys.modules[name] for name in replaced}
        sys.modules.update(replaced)
        before = os.environ
        os.environ = variables  # type: ignore[assignment]  # noqa: B003
        sys.meta_path.insert(0, finder)
        try:
            self.handlers: dict[str, Handler] = {it: _handler(it) for it in handlers}
            self._modules = {key: value for key, value in sys.modules.items() if _is_ours(key)}
        finally:
            os.environ = before  # noqa: B003
            sys.meta_path.remove(finder)
            sys.modules.update(real)
            for key in [key for key in sys.modules if _is_ours(key)]:
                del sys.modules[key]
            sys.modules.update(aside)
        _show_lines_to_readers_alone(self._modules)
        for module, name in OWN:
            if module in self._modules:
                _make_own(self._modules[module], name)
        self._first = [(name, it, _content(it)) for name, it in _owners(self._modules)]

    def check(self) -> None:
        """Raises Shared if modules hold anything that they did not hold when they were imported."""
        changed = sorted({name for name, it, first in self._first if _content(it) != first})
        if changed:
            raise Shared(
                f"{', '.join(changed)} changed during a run. Here all processes share it, in Lambda"
                f" each has its own: name it in OWN or MADE_ONCE of {__name__}"
            )


def _handler(path: str) -> Handler:
    module, _, name = path.rpartition(".")
    found: Handler = getattr(importlib.import_module(module), name)
    return found


def _show_lines_to_readers_alone(modules: Mapping[str, types.ModuleType]) -> None:
    """Log lines are made into texts where somebody reads them, and in seeds of the whole client."""
    log = modules.get("shared.runtime.log")
    if log is None:
        return
    show = log._print

    def print_line(line: Mapping[str, Any]) -> None:
        if Present.shows_lines:
            show(line)

    log._print = print_line  # type: ignore[attr-defined]


class _Caches:
    """``functools``, as the code sees it: what it caches is in the memory of the process at work.

    What was cached while modules were imported is there for every process.
    """

    def __init__(self) -> None:
        self._imported: Memory = {}

    def functools(self) -> types.ModuleType:
        """The module."""
        module = types.ModuleType("functools")
        module.__dict__.update(functools.__dict__)
        module.cache = self._cache  # type: ignore[attr-defined]
        module.lru_cache = self._lru_cache  # type: ignore[attr-defined]
        module.cached_property = self._cached_property  # type: ignore[attr-defined]
        return module

    def _cache(self, make: Callable[..., Any]) -> Callable[..., Any]:
        if (make.__module__, make.__name__) in MADE_ONCE:
            return functools.cache(make)
        imported = self._imported

        @functools.wraps(make)
        def cached(*args: Any, **named: Any) -> Any:
            memory = _memory(imported)
            key = (make, args, tuple(named.items())) if named else (make, args)
            found = memory.get(key, _NOTHING)
            if found is _NOTHING:
                found = imported.get(key, _NOTHING)
            if found is _NOTHING:
                found = memory[key] = make(*args, **named)
            return found

        return cached

    def _lru_cache(self, *_size: Any, **_options: Any) -> Any:
        """Without a limit: no process lives long here."""
        return self._cache

    def _cached_property(self, make: Callable[[Any], Any]) -> property:
        imported = self._imported

        def get(owner: Any) -> Any:
            memory = _memory(imported)
            key = (make, id(owner))
            found = memory.get(key) or imported.get(key)
            if found is None:
                # The owner too: as long as it is remembered, nothing else has its id.
                found = memory[key] = (make(owner), owner)
            return found[0]

        return property(get, doc=make.__doc__)


def _memory(otherwise: Memory) -> Memory:
    """Of the process at work, if one is."""
    world = Present.world
    return otherwise if world is None or world.current is None else world.current.memory


def _make_own(module: types.ModuleType, name: str) -> None:
    first = getattr(module, name)
    setattr(module, name, _OwnDict(first) if isinstance(first, dict) else _own_class(first))


class _OwnDict:
    """In place of a module's dictionary: that of the process at work. ``first`` is what it begins
    with."""

    def __init__(self, first: Mapping[Any, Any]) -> None:
        self._first = dict(first)
        self._outside: Memory = {}

    def _mine(self) -> dict[Any, Any]:
        memory = _memory(self._outside)
        mine: dict[Any, Any] | None = memory.get(self)
        if mine is None:
            mine = memory[self] = dict(self._first)
        return mine

    def __getitem__(self, key: Any) -> Any:
        return self._mine()[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._mine()[key] = value

    def __contains__(self, key: object) -> bool:
        return key in self._mine()

    def get(self, key: Any, otherwise: Any = None) -> Any:
        """As a dictionary's."""
        return self._mine().get(key, otherwise)

    def clear(self) -> None:
        """As a dictionary's."""
        self._mine().clear()


def _own_class(owner: type) -> Any:
    """In place of a class whose attributes are variables: an object with those of the process."""
    names = [name for name in vars(owner) if not name.startswith("__")]
    outside: Memory = {}

    def variable(name: str) -> property:
        key, first = (owner, name), getattr(owner, name)

        def get(_self: object) -> Any:
            memory = _memory(outside)
            if key not in memory:
                memory[key] = copy.copy(first)
            return memory[key]

        def put(_self: object, value: Any) -> None:
            _memory(outside)[key] = value

        return property(get, put)

    return type(owner.__name__, (), {"__slots__": (), **{it: variable(it) for it in names}})()


def _owners(modules: Mapping[str, types.ModuleType]) -> Iterator[tuple[str, Any]]:
    """Everything that a module could keep something in, with a name: modules themselves, classes,
    containers and objects of ours, and what those hold in turn.
    """
    seen: set[int] = set()
    waiting: deque[tuple[str, Any]] = deque(modules.items())
    while waiting:
        name, owner = waiting.popleft()
        if id(owner) in seen or name in NEVER_MIND:
            continue
        seen.add(id(owner))
        content = _content(owner)
        if content is None:
            continue
        yield name, owner
        held = content.items() if isinstance(content, dict) else enumerate(content)
        waiting.extend((f"{name}.{key}", it) for key, it in held)


def _content(owner: Any) -> Any:
    """What it holds now; None if it is nothing in which a process could keep something."""
    if isinstance(owner, types.ModuleType | type):
        name = owner.__name__ if isinstance(owner, types.ModuleType) else owner.__module__
        # Others' notes on a class, such as msgspec's, are no variables of the code.
        variables = {key: it for key, it in vars(owner).items() if not key.startswith("__")}
        return variables if _is_ours(name) else None
    if isinstance(owner, dict | list | set):
        return owner.copy()
    if isinstance(owner, tuple | frozenset):
        return tuple(owner)
    if not _is_ours(type(owner).__module__) or isinstance(owner, _OwnDict):
        return None
    kind = type(owner)
    slots: Any = getattr(kind, "__struct_fields__", None) or getattr(kind, "__slots__", ())
    names = (slots,) if isinstance(slots, str) else slots
    return {**getattr(owner, "__dict__", {}), **{it: getattr(owner, it, None) for it in names}}


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, plants: Plants, compiled: dict[str, Any]) -> None:
        self._plants = plants
        self._compiled = compiled

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - importlib's
        target: types.ModuleType | None = None,  # noqa: ARG002 - importlib's
    ) -> importlib.machinery.ModuleSpec | None:
        """Of our own packages alone."""
        if not _is_ours(fullname):
            return None
        place = LAMBDAS.joinpath(*fullname.split("."))
        is_package = (place / "__init__.py").exists()
        file = place / "__init__.py" if is_package else place.with_suffix(".py")
        if not file.exists():
            return None
        loader = _Loader(fullname, str(file), self._plants, self._compiled)
        spec = importlib.machinery.ModuleSpec(
            fullname, loader, origin=str(file), is_package=is_package
        )
        if is_package:
            spec.submodule_search_locations = [str(place)]
        spec.has_location = True
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, plants: Plants, compiled: dict[str, Any]) -> None:
        super().__init__(name, path)
        self._plants = plants
        self._compiled = compiled

    def get_code(self, fullname: str) -> Any:
        plant = self._plants.get(str(self.path).removeprefix(f"{LAMBDAS}/"))
        key = _key(fullname, plant)
        if key not in self._compiled:
            self._compiled[key] = super().get_code(fullname) if plant is None else self._with(plant)
        return self._compiled[key]

    def _with(self, plant: tuple[str, str]) -> Any:
        text = self.get_data(self.path).decode()
        before, after = plant
        if text.count(before) != 1:
            raise Unplantable(f"{self.path}: {text.count(before)} times {before!r}")
        return compile(text.replace(before, after), str(self.path), "exec", dont_inherit=True)


def _key(module: str, plant: tuple[str, str] | None) -> str:
    """Under which a module's code is kept, as it is or with a bug."""
    return f"{module} {plant}"


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in PACKAGES
