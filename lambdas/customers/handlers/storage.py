"""Profiles as the handlers behind the API open them."""

from customers.adapters.dynamodb_profiles import DynamoDbProfiles
from customers.ports import Profiles
from customers.settings import for_api
from shared.runtime import aws


def profiles() -> Profiles:
    """The tables that the environment names."""
    settings = for_api()
    return DynamoDbProfiles(
        aws.client("dynamodb"), settings.profile_table, settings.tombstone_table
    )
