"""Signing: the secret by which orders knows that a price quote is pricing's."""

from typing import Any

from constructs import Construct

from stacks.constructs.rotated_secret import RotatedSecret
from stacks.constructs.service_stack import ServiceStack
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="signing",
    owner="commercial",
    purpose="the secret that price quotes are signed with",
)


class SigningStack(ServiceStack):
    """Ground that two services share, so that neither needs the other to be there."""

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        self.key = self.make_key()
        secret = RotatedSecret(
            self,
            "QuoteSigning",
            key=self.key,
            description="Signs and verifies price quotes; a key's id is the secret's version",
            field="key",
            handler="rotate_quote_signing",
        )
        secret.let_read(
            self.stage.role_name("orders", "PlaceOrder"),
            self.stage.role_name("orders", "PlacePartnerOrder"),
            self.stage.role_name("pricing", "*"),
        )
        secret.publish("quote-signing")
