"""Payments on DynamoDB: one item for each order, replaced only by the next version of it."""

from typing import Any

from botocore.exceptions import ClientError

from payments.domain.payment import Payment, Provider, Status

Item = dict[str, Any]


class DynamoDbPayments:
    """Implements ``payments.ports.Payments``.

    The table's key is ``order_id``. ``client`` is a botocore DynamoDB client.
    """

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def find(self, order_id: str) -> Payment | None:
        """What is known, strongly consistent."""
        answer = self._client.get_item(
            TableName=self._table, Key={"order_id": {"S": order_id}}, ConsistentRead=True
        )
        return from_item(answer["Item"]) if "Item" in answer else None

    def save(self, payment: Payment) -> bool:
        """One conditional put. A put whose answer was lost may say false: then a read shows it."""
        condition: Item = {"ConditionExpression": "attribute_not_exists(order_id)"}
        if payment.version > 1:
            condition = {
                "ConditionExpression": "version = :before",
                "ExpressionAttributeValues": {":before": {"N": str(payment.version - 1)}},
            }
        try:
            self._client.put_item(TableName=self._table, Item=to_item(payment), **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True


def to_item(payment: Payment) -> Item:
    """DynamoDB attributes; ``voided`` is kept beside the rest for whoever adds the money up."""
    return {
        "order_id": {"S": payment.order_id},
        "status": {"S": payment.status},
        "version": {"N": str(payment.version)},
        "payer": {"S": payment.payer},
        "amount": {"N": str(payment.amount)},
        "currency": {"S": payment.currency},
        "captured": {"N": str(payment.captured)},
        "voided": {"N": str(payment.voided)},
        "refunded": {"N": str(payment.refunded)},
        "provider": {"S": payment.provider},
        **(
            {"authorization_id": {"S": payment.authorization_id}}
            if payment.authorization_id
            else {}
        ),
        **({"expires_at": {"S": payment.expires_at}} if payment.expires_at else {}),
        **({"reason": {"S": payment.reason}} if payment.reason else {}),
    }


def from_item(item: Item) -> Payment:
    """The payment that ``to_item`` wrote."""
    return Payment(
        order_id=item["order_id"]["S"],
        status=Status(item["status"]["S"]),
        version=int(item["version"]["N"]),
        payer=item["payer"]["S"],
        amount=int(item["amount"]["N"]),
        currency=item["currency"]["S"],
        authorization_id=item["authorization_id"]["S"] if "authorization_id" in item else None,
        expires_at=item["expires_at"]["S"] if "expires_at" in item else None,
        captured=int(item["captured"]["N"]),
        refunded=int(item["refunded"]["N"]),
        reason=item["reason"]["S"] if "reason" in item else None,
        # Payments from before there was a choice name no provider.
        provider=Provider(item["provider"]["S"]) if "provider" in item else Provider.PRIMARY,
    )
