"""The read model as the query handlers open it."""

from functools import cache

from order_views.adapters.dynamodb_order_views import KEY, DynamoDbOrderViews
from order_views.environment import QueryEnvironment
from shared.read_models.generations import Generations, pointer_key
from shared.runtime import aws
from shared.runtime.environment import load


def views() -> DynamoDbOrderViews:
    """The generation that is served now."""
    return views_of(_generations().live)


def views_of(generation: str) -> DynamoDbOrderViews:
    """One generation, for whoever has read which one is served."""
    return DynamoDbOrderViews(
        aws.client("dynamodb"), load(QueryEnvironment).order_view_table, generation
    )


@cache
def _generations() -> Generations:
    return Generations(
        aws.client("dynamodb"), load(QueryEnvironment).order_view_table, pointer_key((KEY,))
    )
