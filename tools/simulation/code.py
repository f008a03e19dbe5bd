"""Functions' code as Lambda loads it: each process has modules of its own, and may have a bug.

A process that is replaced does not import again: its modules are set back to what they were once
imported, which takes microseconds.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import os
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tools.base.workspace import CHECKOUT
from tools.simulation.virtual import DATETIME

LAMBDAS = CHECKOUT / "lambdas"
PACKAGES = frozenset(path.name for path in LAMBDAS.iterdir() if (path / "__init__.py").exists())
Handler = Callable[[Any, Any], Any]
Plants = Mapping[str, tuple[str, str]]
"""By a file below ``lambdas``: a text that it has once, and what stands there instead."""


class Unplantable(Exception):
    """The text that a planted bug replaces is not in its file exactly once."""


class Code:
    """The modules that one handler needs, imported for it alone.

    ``variables`` are there while it is imported, since botocore reads them then.
    """

    def __init__(
        self, handler: str, plants: Plants, compiled: dict[str, Any], variables: dict[str, str]
    ) -> None:
        module, _, name = handler.rpartition(".")
        finder = _Finder(plants, compiled)
        aside = {key: value for key, value in sys.modules.items() if _is_ours(key)}
        for key in aside:
            del sys.modules[key]
        real, sys.modules["datetime"] = sys.modules["datetime"], DATETIME
        before = os.environ
        os.environ = variables  # type: ignore[assignment]  # noqa: B003
        sys.meta_path.insert(0, finder)
        try:
            self.handler: Handler = getattr(importlib.import_module(module), name)
            self.modules = {key: value for key, value in sys.modules.items() if _is_ours(key)}
        finally:
            os.environ = before  # noqa: B003
            sys.meta_path.remove(finder)
            sys.modules["datetime"] = real
            for key in [key for key in sys.modules if _is_ours(key)]:
                del sys.modules[key]
            sys.modules.update(aside)
        self._first = [_State(value) for value in self._owners()]

    def reset(self) -> None:
        """As it was when it had just been imported."""
        for state in self._first:
            state.restore()

    def _owners(self) -> list[Any]:
        owners: list[Any] = []
        for module in self.modules.values():
            for name, value in vars(module).items():
                if name.startswith("__"):
                    continue
                if _holds_state(value) or (
                    isinstance(value, type) and value.__module__ == module.__name__
                ):
                    owners.append(value)
        unique = {id(owner): owner for owner in owners if owner is not self.modules}
        return list(unique.values())


class _State:
    """What a module's object was at first: a cache, a container, or an object's attributes."""

    def __init__(self, owner: Any) -> None:
        self._owner = owner
        self._restore = self._how(owner)

    def restore(self) -> None:
        self._restore()

    def _how(self, owner: Any) -> Callable[[], None]:
        if hasattr(owner, "cache_clear"):
            clear: Callable[[], None] = owner.cache_clear
            return clear
        if isinstance(owner, type):
            return self._of_class(owner)
        content = (
            owner if isinstance(owner, dict | list | set) else getattr(owner, "__dict__", None)
        )
        if content is None:
            return lambda: None
        first = content.copy()

        def restore() -> None:
            content.clear()
            content.extend(first) if isinstance(content, list) else content.update(first)

        return restore

    def _of_class(self, owner: type) -> Callable[[], None]:
        """Plain values that a class holds for its process, such as what names log lines."""
        kinds = (str, int, float, bool, bytes, type(None), types.FunctionType, staticmethod)
        first = {
            name: value
            for name, value in vars(owner).items()
            if isinstance(value, kinds) and not name.startswith("__")
        }

        def restore() -> None:
            for name, value in first.items():
                if vars(owner).get(name) is not value:
                    setattr(owner, name, value)

        return restore


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
        file = str(self.path).removeprefix(f"{LAMBDAS}/")
        plant = self._plants.get(file)
        key = f"{fullname} {plant}"
        if key not in self._compiled:
            self._compiled[key] = super().get_code(fullname) if plant is None else self._with(plant)
        return self._compiled[key]

    def _with(self, plant: tuple[str, str]) -> Any:
        text = self.get_data(self.path).decode()
        before, after = plant
        if text.count(before) != 1:
            raise Unplantable(f"{self.path}: {text.count(before)} times {before!r}")
        return compile(text.replace(before, after), str(self.path), "exec", dont_inherit=True)


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in PACKAGES


def _holds_state(value: object) -> bool:
    """A cache, a container, or an object of ours: what a process may have changed."""
    return (
        hasattr(value, "cache_clear")
        or isinstance(value, dict | list | set)
        or getattr(type(value), "__module__", "").partition(".")[0] in PACKAGES
    )
