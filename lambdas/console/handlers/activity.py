"""What is kept of the bus, for the functions that read it."""

from functools import cache

from console.adapters.dynamodb_activity import DynamoDbActivity
from console.environment import ActivityEnvironment
from shared.runtime import aws
from shared.runtime.environment import load


@cache
def activity() -> DynamoDbActivity:
    """The table, with a client that a waiting browser does not wait long for."""
    return DynamoDbActivity(aws.brief_client("dynamodb"), load(ActivityEnvironment).activity_table)
