"""Who reads configuration, as its code says it: it has the agent, and may read its own alone."""

from __future__ import annotations

from collections.abc import Iterator

from shared.runtime.configuration import AgentEnvironment
from tests.infra.rules import Rule
from tests.infra.rules.configuration import (
    FOR_OPERATORS,
    appconfig_statements,
    configurations,
    is_handled_by,
    who_runs_with,
)
from tests.infra.rules.wiring import environment_of
from tests.infra.system import Resource, System, own_functions

AGENT = "layer:AWS-AppConfig-Extension-Arm64:"
READING = {"appconfig:GetLatestConfiguration", "appconfig:StartConfigurationSession"}


def readers_have_the_agent(system: System) -> Iterator[str]:
    """Who reads configuration has the extension's layer, of its region and architecture."""
    for function in own_functions(system):
        layers = [function.text(it) for it in function.properties.get("Layers", [])]
        agents = [it for it in layers if AGENT in it]
        if _reads_configuration(function) != bool(agents):
            yield f"{function} has {len(agents)} agents"
        for arn in agents:
            if f":lambda:{system.region}:" not in arn:
                yield f"{function} has an agent of another region: {arn}"


def readers_may_read_their_own_configuration_alone(system: System) -> Iterator[str]:
    """Exactly two actions, on exactly the configurations of its own application."""
    statements = list(appconfig_statements(system))
    for function in own_functions(system):
        own = sorted(configurations(function.template))
        allowed = [it for it in statements if function.place in who_runs_with(it.role)]
        granted = sorted(resource for it in allowed for resource in it.resources)
        if _reads_configuration(function) and granted != own:
            yield f"{function} may read {granted}, and its own is {own}"
        if any(is_handled_by(function, it) for it in FOR_OPERATORS):
            continue
        if not _reads_configuration(function) and allowed:
            yield f"{function} reads no configuration and may {allowed[0].actions}"
        for statement in allowed:
            if set(statement.actions) != READING:
                yield f"{function} may {', '.join(statement.actions)}"


def _reads_configuration(function: Resource) -> bool:
    return AgentEnvironment in environment_of(function)


RULES: tuple[Rule, ...] = (
    readers_have_the_agent,
    readers_may_read_their_own_configuration_alone,
)
