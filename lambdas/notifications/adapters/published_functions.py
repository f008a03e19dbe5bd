"""What other services publish as functions: whose an order is, and who a customer is."""

from typing import Any

import msgspec

from notifications.ports import Contact, Unavailable
from orders_language.history import OrderHistory
from shared.read_models.history import HistoryUnavailable


class PublishedContacts:
    """Implements ``notifications.ports.Contacts`` by customers' ``read_contact``.

    ``client`` is a botocore Lambda client.
    """

    def __init__(self, client: Any, function_arn: str) -> None:
        self._client = client
        self._function_arn = function_arn

    def read(self, customer_id: str) -> Contact | None:
        """The customer's contact, or None. Raises Unavailable, without the answer's words."""
        answer = self._client.invoke(
            FunctionName=self._function_arn,
            Payload=msgspec.json.encode({"customer_id": customer_id}),
        )
        payload = answer["Payload"].read()
        if "FunctionError" in answer:
            raise Unavailable("read_contact failed")
        try:
            return msgspec.json.decode(payload, type=Contact | None)
        except msgspec.DecodeError:
            raise Unavailable("read_contact answered something else than a contact") from None


class OrdersHistory:
    """Implements ``notifications.ports.Orders`` by orders' ``read_events``."""

    def __init__(self, history: OrderHistory) -> None:
        self._history = history

    def customer_of(self, order_id: str) -> str | None:
        """From the order's first event. Raises Unavailable."""
        try:
            first = self._history.first_event(order_id)
        except HistoryUnavailable as unavailable:
            raise Unavailable(str(unavailable)) from unavailable
        return first.data["customer_id"] if first else None
