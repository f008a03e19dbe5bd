"""Where fulfilment's functions keep sagas."""

from fulfilment.adapters.dynamodb_sagas import DynamoDbSagas
from fulfilment.environment import SagaEnvironment, TokenEnvironment
from shared.runtime import aws


def sagas(settings: SagaEnvironment | TokenEnvironment) -> DynamoDbSagas:
    """The table with its two indexes."""
    return DynamoDbSagas(
        aws.client("dynamodb"),
        settings.sagas_table,
        settings.open_sagas_index,
        settings.stuck_sagas_index,
    )
