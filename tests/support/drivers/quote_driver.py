"""Price quotes as pricing signs them, and orders that bring one along."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from orders_language.quotes import Quote, QuotedLine, SigningKey, sign
from shared.runtime import clock
from shared.runtime.secrets import Version
from tests.support.drivers.offline import Answer, Deployment, call
from tools.local.tokens import subject

QUOTED = 990
"""In cents, for what costs 1190 without a quote."""
LINE: dict[str, Any] = {"sku": "TEA-SENCHA", "quantity": 1}
SHIP_TO = {
    "address_id": "0d9a5a10-6f0a-4e57-9f1d-4f3a54d9c001",
    "country": "DE",
    "postcode_area": "10",
}


@dataclass(frozen=True)
class Quoting:
    """Pricing, with the deployed secret, and the customer `demo`."""

    deployment: Deployment

    def offer(self) -> str:
        """A quote for one packet of tea, signed with the key that is current now."""
        answer = self.deployment.cloud.client("secretsmanager").get_secret_value(
            SecretId=self.deployment.named("signing", "secrets", "QuoteSigning")
        )
        key = msgspec.json.decode(answer["SecretString"], type=SigningKey)
        quote = Quote(
            customer_id=subject(self.deployment.token()),
            lines=(QuotedLine(**LINE, unit_price=QUOTED),),
            currency="EUR",
            expires_at=clock.format_time(datetime.now(UTC) + timedelta(minutes=5)),
        )
        return sign(quote, Version(answer["VersionId"], key))

    def order(self, quote: str) -> Answer:
        """What an order with this quote is answered."""
        return call(
            "POST",
            self.deployment.url("orders", "/v1/orders"),
            token=self.deployment.token(),
            headers={"Idempotency-Key": str(uuid.uuid4())},
            body={"lines": [LINE], "currency": "EUR", "ship_to": SHIP_TO, "quote": quote},
        )
