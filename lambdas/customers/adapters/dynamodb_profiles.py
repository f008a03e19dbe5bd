"""Profiles and tombstones on DynamoDB: two tables, and every write is a transaction over both.

They are two because their lives differ: profiles have no stream and are soon out of the backups,
tombstones are announced and outlast every restore.
"""

from typing import Any, cast

from botocore.exceptions import ClientError

from customers.adapters import profile_codec, tombstone_codec
from customers.domain.customer import Customer, Tombstone
from customers.domain.errors import CustomerForgotten

FREE = "attribute_not_exists(customer_id)"
REFUSED = "ConditionalCheckFailed"
IN_THE_WAY = "TransactionConflict"
Item = dict[str, Any]


class DynamoDbProfiles:
    """Implements ``customers.ports.Profiles``.

    The key of both tables is ``customer_id`` (S). ``client`` is a botocore DynamoDB client.
    """

    def __init__(self, client: Any, profile_table: str, tombstone_table: str) -> None:
        self._client = client
        self._profiles = profile_table
        self._tombstones = tombstone_table

    def find(self, customer_id: str) -> Customer | None:
        """The profile; only where there is none does a tombstone matter."""
        if item := self._get(self._profiles, customer_id):
            return profile_codec.from_item(item)
        if self._get(self._tombstones, customer_id):
            raise CustomerForgotten
        return None

    def save(self, customer: Customer, base_version: int) -> bool:
        """One transaction: nobody forgot the customer, and the profile is where it was."""
        unchanged: Item = {"ConditionExpression": FREE}
        if base_version:
            unchanged = {
                "ConditionExpression": "version = :base",
                "ExpressionAttributeValues": {":base": {"N": str(base_version)}},
            }
        tombstone, profile = self._transact(
            {
                "ConditionCheck": {
                    "TableName": self._tombstones,
                    "Key": {"customer_id": {"S": customer.id}},
                    "ConditionExpression": FREE,
                }
            },
            {
                "Put": {
                    "TableName": self._profiles,
                    "Item": profile_codec.to_item(customer),
                    **unchanged,
                }
            },
        )
        if tombstone == REFUSED:
            raise CustomerForgotten
        return tombstone is None and profile is None

    def forget(self, tombstone: Tombstone) -> bool:
        """One transaction: the profile goes, the tombstone comes."""
        profile, buried = self._transact(
            {
                "Delete": {
                    "TableName": self._profiles,
                    "Key": {"customer_id": {"S": tombstone.customer_id}},
                }
            },
            {
                "Put": {
                    "TableName": self._tombstones,
                    "Item": tombstone_codec.to_item(tombstone),
                    "ConditionExpression": FREE,
                }
            },
        )
        if buried == REFUSED:
            return True  # forgotten before, and where there is a tombstone no profile can be saved
        return profile is None and buried is None

    def _get(self, table: str, customer_id: str) -> Item | None:
        answer = self._client.get_item(
            TableName=table, Key={"customer_id": {"S": customer_id}}, ConsistentRead=True
        )
        item: Item | None = answer.get("Item")
        return item

    def _transact(self, *writes: Item) -> list[str | None]:
        """Why each write was refused or hindered; None, for every one, if all were made."""
        try:
            self._client.transact_write_items(TransactItems=list(writes))
        except ClientError as error:
            response = cast(Item, error.response)
            codes = [reason["Code"] for reason in response.get("CancellationReasons", [])]
            if not codes or not {"None", REFUSED, IN_THE_WAY}.issuperset(codes):
                raise
            return [None if code == "None" else code for code in codes]
        return [None] * len(writes)
