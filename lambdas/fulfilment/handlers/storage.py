"""Where fulfilment's functions keep sagas."""

from fulfilment.adapters.dynamodb_sagas import DynamoDbSagas
from fulfilment.environment import SagaEnvironment, TokenEnvironment
from shared.runtime import aws


def sagas(environment: SagaEnvironment | TokenEnvironment) -> DynamoDbSagas:
    """The table with its two indexes."""
    return DynamoDbSagas(
        aws.client("dynamodb"),
        environment.sagas_table,
        environment.open_sagas_index,
        environment.stuck_sagas_index,
    )
