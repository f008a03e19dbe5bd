"""Where fulfilment's functions keep sagas."""

from fulfilment.adapters.dynamodb_sagas import DynamoDbSagas
from fulfilment.settings import SagaSettings, TokenSettings
from shared.runtime import aws


def sagas(settings: SagaSettings | TokenSettings) -> DynamoDbSagas:
    """The table with its two indexes."""
    return DynamoDbSagas(
        aws.client("dynamodb"),
        settings.sagas_table,
        settings.open_sagas_index,
        settings.stuck_sagas_index,
    )
