"""Profiles as the handlers behind the API open them."""

from customers.adapters.dynamodb_profiles import DynamoDbProfiles
from customers.environment import ApiEnvironment
from customers.ports import Profiles
from shared.runtime import aws
from shared.runtime.environment import load


def profiles() -> Profiles:
    """The tables that the environment names."""
    settings = load(ApiEnvironment)
    return DynamoDbProfiles(
        aws.client("dynamodb"), settings.profile_table, settings.tombstone_table
    )
