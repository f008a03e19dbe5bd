"""The read model as the query handlers open it."""

from functools import cache

from order_views.adapters.dynamodb_order_views import KEY, DynamoDbOrderViews
from order_views.environment import QueryEnvironment
from shared.read_models.generations import Generations, pointer_key
from shared.runtime import aws
from shared.runtime.environment import load


def views() -> DynamoDbOrderViews:
    """The generation that is served now."""
    return DynamoDbOrderViews(
        aws.client("dynamodb"), load(QueryEnvironment).order_view_table, _generations().live
    )


@cache
def _generations() -> Generations:
    return Generations(
        aws.client("dynamodb"), load(QueryEnvironment).order_view_table, pointer_key((KEY,))
    )
