"""The read model as the query handlers open it."""

from functools import cache

from order_views.adapters.dynamodb_order_views import POINTER, DynamoDbOrderViews
from order_views.settings import for_queries
from shared.read_models.generations import Generations
from shared.runtime import aws


def views() -> DynamoDbOrderViews:
    """The generation that is served now."""
    return DynamoDbOrderViews(
        aws.client("dynamodb"), for_queries().order_view_table, _generations().live
    )


@cache
def _generations() -> Generations:
    return Generations(aws.client("dynamodb"), for_queries().order_view_table, POINTER)
