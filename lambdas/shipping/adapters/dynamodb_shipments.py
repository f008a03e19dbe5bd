"""Shipments on DynamoDB: one item for each order, found by tracking number through an index."""

from typing import Any, cast

from botocore.exceptions import ClientError

from shipping.domain.shipment import MessageContext, Shipment, Status

BY_TRACKING_NUMBER = "by-tracking-number"
Item = dict[str, Any]


class DynamoDbShipments:
    """Implements ``shipping.ports.Shipments``.

    The table's key is ``order_id`` (S); the index's is ``tracking_number`` (S) and ``carrier``
    (S). ``client`` is a botocore DynamoDB client.
    """

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def load(self, order_id: str) -> Shipment | None:
        """The order's shipment, strongly consistent."""
        answer = self._client.get_item(
            TableName=self._table, Key={"order_id": {"S": order_id}}, ConsistentRead=True
        )
        return _from_item(answer["Item"]) if "Item" in answer else None

    def add(self, shipment: Shipment) -> Shipment:
        """One put on the condition that the order has none."""
        try:
            self._put(
                shipment,
                ConditionExpression="attribute_not_exists(order_id)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if not _condition_failed(error):
                raise
            return _from_item(cast(dict[str, Any], error.response)["Item"])
        return shipment

    def replace(self, shipment: Shipment, expected: Status) -> bool:
        """One put on the condition that the status is the expected one."""
        try:
            self._put(
                shipment,
                ConditionExpression="#status = :expected",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":expected": {"S": expected}},
            )
        except ClientError as error:
            if not _condition_failed(error):
                raise
            # The client repeats a put whose answer was lost, and then meets its own.
            return self.load(shipment.order_id) == shipment
        return True

    def tracked_as(self, carrier: str, tracking_number: str) -> Shipment | None:
        """From the index, which follows the table within moments."""
        answer = self._client.query(
            TableName=self._table,
            IndexName=BY_TRACKING_NUMBER,
            KeyConditionExpression="tracking_number = :number AND carrier = :carrier",
            ExpressionAttributeValues={
                ":number": {"S": tracking_number},
                ":carrier": {"S": carrier},
            },
        )
        return _from_item(answer["Items"][0]) if answer["Items"] else None

    def _put(self, shipment: Shipment, **condition: Any) -> None:
        self._client.put_item(TableName=self._table, Item=_to_item(shipment), **condition)


def _condition_failed(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"


OPTIONAL = ("carrier", "quote_id", "tracking_number", "reason")


def _to_item(shipment: Shipment) -> Item:
    item: Item = {
        "order_id": {"S": shipment.order_id},
        "shipment_id": {"S": shipment.id},
        "status": {"S": shipment.status},
        "correlation_id": {"S": shipment.context.correlation_id},
        "traceparent": {"S": shipment.context.traceparent},
    }
    for name in OPTIONAL:
        if (value := getattr(shipment, name)) is not None:
            item[name] = {"S": value}
    return item


def _from_item(item: Item) -> Shipment:
    return Shipment(
        order_id=item["order_id"]["S"],
        status=Status(item["status"]["S"]),
        context=MessageContext(item["correlation_id"]["S"], item["traceparent"]["S"]),
        **{name: item[name]["S"] for name in OPTIONAL if name in item},
    )
