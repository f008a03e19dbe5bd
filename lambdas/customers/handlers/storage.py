"""Profiles as the handlers behind the API open them."""

from customers.adapters.dynamodb_profiles import DynamoDbProfiles
from customers.environment import ApiEnvironment
from customers.ports import Profiles
from shared.runtime import aws
from shared.runtime.environment import load


def profiles() -> Profiles:
    """The tables that the environment names."""
    environment = load(ApiEnvironment)
    return DynamoDbProfiles(
        aws.client("dynamodb"), environment.profile_table, environment.tombstone_table
    )
