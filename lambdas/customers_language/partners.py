"""Which customer a partner means: asked of customers by their published function."""

from dataclasses import dataclass
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from shared.runtime.problems import Problem, not_found


class CustomersSilent(Exception):
    """Customers gave no answer that can be used; the caller may come again."""


@dataclass
class NotTheirCustomer(Exception):
    """The partner has registered nobody by this reference, or whoever it was is forgotten."""

    reference: str


class PartnersCustomers:
    """``client`` is a botocore Lambda client, the function customers' ``find_partner_customer``."""

    def __init__(self, client: Any, function_arn: str) -> None:
        self._client = client
        self._function_arn = function_arn

    def find(self, partner_id: str, reference: str) -> str:
        """The id of the customer whom this partner calls so.

        Raises:
            NotTheirCustomer: there is none.
            CustomersSilent: nobody can say at present; the answer's own words are not passed on.
        """
        try:
            answer = self._client.invoke(
                FunctionName=self._function_arn,
                Payload=msgspec.json.encode({"partner_id": partner_id, "reference": reference}),
            )
            payload = answer["Payload"].read()
        except (BotoCoreError, ClientError) as error:
            raise CustomersSilent(type(error).__name__) from error
        if "FunctionError" in answer:
            raise CustomersSilent("find_partner_customer failed")
        try:
            customer_id = msgspec.json.decode(payload, type=str | None)
        except msgspec.DecodeError:
            raise CustomersSilent("find_partner_customer answered something else") from None
        if customer_id is None:
            raise NotTheirCustomer(reference)
        return customer_id


ERRORS = {
    NotTheirCustomer: lambda e: not_found("customer", e.reference),
    CustomersSilent: lambda _e: Problem(
        503,
        "customers-silent",
        "Nobody can say at present whose customer it is",
        "try again",
        headers={"Retry-After": "5"},
    ),
}
"""How the refusals read, for ``endpoint(errors=...)``."""
