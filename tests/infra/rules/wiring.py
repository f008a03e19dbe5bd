"""What joins stacks and handlers: the handler's name, and the environment that it reads.

The convention: a handler reads its environment into the classes of its package's ``environment``
that its own module loads, or a module of ``handlers`` that it imports; nothing else reads it.
One that uses its package's ``configuration`` is told besides where the configuration is, and one
that the kit makes, or whose event store the kit opens, reads what the kit needs for it.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import re
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any
from unittest import mock

import msgspec

from shared.event_sourcing import read_events, relay
from shared.event_sourcing.environment import EventStoreEnvironment, RelayEnvironment, event_store
from shared.messaging import redrive_queues
from shared.messaging.redrive_queues import RedriveQueuesEnvironment
from shared.read_models import change, rebuild, redrive, show
from shared.read_models.environment import (
    ChangedViewEnvironment,
    RebuildEnvironment,
    RedriveEnvironment,
    ShownViewEnvironment,
)
from shared.read_models.read_model import ReadModel
from shared.runtime import api
from shared.runtime.api import ApiEnvironment
from shared.runtime.configuration import AgentEnvironment, Profile
from shared.runtime.configuration_shown import ShownConfigurationEnvironment, shown
from shared.runtime.configuration_stop import StoppedConfigurationEnvironment, stopping
from shared.runtime.environment import read
from tests.infra.rules import Rule
from tests.infra.rules.variables import variables_of
from tests.infra.system import Resource, System, own_functions

Form = type[msgspec.Struct]

READ_BY_THE_LOG = {"SERVICE", "METRIC_NAMESPACE", "TRACE_SHARE"}
READ_BY_LAYERS = re.compile(r"AWS_APPCONFIG_EXTENSION_\w+|AWS_LAMBDA_EXEC_WRAPPER|OTEL_\w+")
READ_BY_THE_KIT: tuple[tuple[object, set[Form]], ...] = (
    (api.endpoint, {ApiEnvironment}),
    (rebuild, {RebuildEnvironment}),
    (redrive, {RedriveEnvironment}),
    (redrive_queues, {RedriveQueuesEnvironment}),
    (relay, {EventStoreEnvironment, RelayEnvironment}),
    (read_events, {EventStoreEnvironment}),
    (event_store, {EventStoreEnvironment}),
    (shown, {ShownConfigurationEnvironment}),
    (stopping, {StoppedConfigurationEnvironment}),
)
"""What a handler's module imports of the kit, and what that reads."""


def every_handler_is_there_and_has_its_variables(system: System) -> Iterator[str]:
    """Its module is imported, and its variables are parsed as the template sets them."""
    for function in own_functions(system):
        try:
            found = environment_of(function)
        except (ImportError, AttributeError) as error:
            yield f"{function}: {function.properties['Handler']} is not there: {error}"
            continue
        with mock.patch.dict(os.environ, _environment(function), clear=True):
            for form in found:
                try:
                    read(form)
                except Exception as error:
                    yield f"{function} would not start: {error}"


def every_log_line_names_a_trace(system: System) -> Iterator[str]:
    """A handler is made by the kit, or marked as ``invocation``: its lines and spans have ids."""
    for function in own_functions(system):
        name, _, attribute = function.properties["Handler"].rpartition(".")
        try:
            handler = getattr(importlib.import_module(name), attribute)
        except (ImportError, AttributeError):
            continue  # another rule says so
        if not getattr(handler, "is_traced", False):
            yield f"{function}: {name} lacks @invocation (shared.runtime.tracing.invocations)"


def every_variable_is_read(system: System) -> Iterator[str]:
    """What nobody reads is not set."""
    for function in own_functions(system):
        variables = _environment(function)
        known = {
            field.name.upper()
            for form in environment_of(function)
            for field in msgspec.structs.fields(form)
        }
        for name in sorted(variables.keys() - known - READ_BY_THE_LOG):
            if not READ_BY_LAYERS.fullmatch(name):
                yield f"{function} does not read {name}"


def _environment(function: Resource) -> dict[str, str]:
    """As the function would see it, with a word in place of each reference."""
    return {
        name: value if isinstance(value, str) else "deployed"
        for name, value in variables_of(function).items()
    }


def environment_of(function: Resource) -> list[Form]:
    """What a function reads its environment into. Raises ImportError, AttributeError."""
    name, _, attribute = function.properties["Handler"].rpartition(".")
    module = importlib.import_module(name)
    if not callable(getattr(module, attribute)):
        raise AttributeError(f"{name}.{attribute} cannot be called")
    package = name.partition(".")[0]
    found: set[Form] = set()
    for part in _modules_of_handlers(module, package, {}):
        found |= _loaded_by(part)
        for value in vars(part).values():
            owner = getattr(value, "__module__", None)
            if _is_configuration(value, owner, package):
                found.add(AgentEnvironment)
            found |= next((forms for kits, forms in READ_BY_THE_KIT if value is kits), set())
        found |= _read_of_a_view(part)
    return sorted(found, key=lambda it: it.__name__)


def _read_of_a_view(module: ModuleType) -> set[Form]:
    """What the kit reads for a module in which a read model is declared, or made use of."""
    values = list(vars(module).values())
    found: set[Form] = {it.environment for it in values if isinstance(it, ReadModel)}
    if found:
        for kit, form in ((show, ShownViewEnvironment), (change, ChangedViewEnvironment)):
            found |= {form} if any(it is kit for it in values) else set()
    return found


@cache
def _loaded_by(module: ModuleType) -> set[Form]:
    """The classes of which the module says ``load(...)``."""
    return {
        getattr(module, call.args[0].id)
        for call in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "load"
        and isinstance(call.args[0], ast.Name)
    }


def _is_configuration(value: Any, owner: str | None, package: str) -> bool:
    """Whether it is the package's configuration, or a part of it that is asked for values."""
    if isinstance(value, ModuleType):
        return value.__name__ == f"{package}.configuration"
    return isinstance(value, Profile) or owner == f"{package}.configuration"


def _modules_of_handlers(
    module: ModuleType, package: str, seen: dict[str, ModuleType]
) -> list[ModuleType]:
    """The handler's module and those beside it from which it imports."""
    if module.__name__ in seen:
        return []
    seen[module.__name__] = module
    for value in list(vars(module).values()):
        name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
        if isinstance(name, str) and name.startswith(f"{package}.handlers."):
            _modules_of_handlers(importlib.import_module(name), package, seen)
    return list(seen.values())


RULES: tuple[Rule, ...] = (
    every_handler_is_there_and_has_its_variables,
    every_log_line_names_a_trace,
    every_variable_is_read,
)
