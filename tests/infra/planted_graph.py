"""Faults for the rules of GraphQL: an API that answers too much, or somebody else."""

from collections.abc import Callable

from tests.infra.planted_faults import Plant, body, set_property
from tests.infra.rules import Rule, bus, graph
from tests.infra.system import System

SERVICE = "order-graph"
LINES, PUBLISHED = "OrderLines", "MutationPublishorderchange"


def in_the_code(old: str, new: str, resolver_id: str = LINES) -> Plant:
    """Change a resolver's code."""

    def plant(system: System) -> None:
        resolver = body(system, SERVICE, graph.RESOLVER, resolver_id)["Properties"]
        assert old in resolver["Code"]
        resolver["Code"] = resolver["Code"].replace(old, new)

    return plant


def hide_the_source(system: System) -> None:
    """The API is told of a change by whoever may put events on the bus."""
    (target,) = body(system, SERVICE, bus.RULE, "Changes")["Properties"]["Targets"]
    del target["InputTransformer"]["InputPathsMap"]["source"]


def forget_the_alarm(system: System) -> None:
    """Nobody hears of errors."""
    body(system, SERVICE, graph.ALARM, "Fails")["Properties"]["Namespace"] = "AWS/Lambda"


PLANTED: tuple[tuple[Rule, str, Callable[[System], None]], ...] = (
    (
        graph.a_request_has_an_end,
        "any depth",
        set_property(SERVICE, graph.API, "QueryDepthLimit", None),
    ),
    (
        graph.a_request_has_an_end,
        "sixty names for a field",
        set_property(SERVICE, graph.API, "ResolverCountLimit", 10_000),
    ),
    (
        graph.a_schema_is_told_to_nobody_in_production,
        "introspection",
        set_property(SERVICE, graph.API, "IntrospectionConfig", None),
    ),
    (
        graph.graphql_asks_for_a_token_of_the_pool,
        "a key",
        set_property(SERVICE, graph.API, "AuthenticationType", "API_KEY"),
    ),
    (
        graph.graphql_asks_for_a_token_of_the_pool,
        "a key besides",
        set_property(
            SERVICE,
            graph.API,
            "AdditionalAuthenticationProviders",
            [{"AuthenticationType": "API_KEY"}],
        ),
    ),
    (
        graph.each_half_of_a_resolver_asks_who_calls,
        "a question for anybody",
        in_the_code("  ownerOf(ctx);\n  return asked", "  return asked"),
    ),
    (
        graph.each_half_of_a_resolver_asks_who_calls,
        "an answer to anybody",
        in_the_code("return answered(ctx);", "return ctx.result.answer;"),
    ),
    (
        bus.consumers_of_the_bus_look_at_the_source_again,
        "a change without its source",
        hide_the_source,
    ),
    (
        graph.each_half_of_a_resolver_asks_who_calls,
        "a change from anybody",
        in_the_code("  publisherOf(ctx);\n  return {", "  return {", PUBLISHED),
    ),
    (
        graph.graphql_logs_errors_without_what_was_sent,
        "everything in the log",
        set_property(
            SERVICE,
            graph.API,
            "LogConfig",
            {"FieldLogLevel": "ALL", "ExcludeVerboseContent": False},
        ),
    ),
    (
        graph.graphql_logs_errors_without_what_was_sent,
        "no trace",
        set_property(SERVICE, graph.API, "XrayEnabled", value=False),
    ),
    (graph.graphql_logs_errors_without_what_was_sent, "no alarm", forget_the_alarm),
)
