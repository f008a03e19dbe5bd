"""What a change of the GraphQL schema takes from those who ask by the one that was released."""

from __future__ import annotations

from collections.abc import Mapping

from graphql import build_schema
from graphql.utilities import find_breaking_changes

from contracts.schemas import GIVEN_BY_APPSYNC


def breaking_graphs(released: Mapping[str, str], current: Mapping[str, str]) -> list[str]:
    """One line for each change that breaks somebody, in all schemas by their files' names.

    Raises:
        graphql.GraphQLError: one of them is no schema.
    """
    return [
        f"{name}: {change}"
        for name, before in sorted(released.items())
        for change in (
            breaking_graph_changes(before, current[name])
            if name in current
            else ["the schema is gone, though those who ask by it are not"]
        )
    ]


def breaking_graph_changes(released: str, current: str) -> list[str]:
    """One line for each change by which a query that was right fails, or answers otherwise.

    Fields and types that come are no break, nor are arguments that have a default.

    Raises:
        graphql.GraphQLError: one of them is no schema.
    """
    before, after = (build_schema(GIVEN_BY_APPSYNC + it) for it in (released, current))
    return [it.description for it in find_breaking_changes(before, after)]
