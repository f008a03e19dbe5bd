"""The key that API Gateway has for other companies' systems, as it is deployed offline."""

from __future__ import annotations

from contracts.product import PRODUCT
from tools.base.endpoint import Cloud
from tools.base.errors import TokenError
from tools.base.target import OFFLINE

NAME = f"{PRODUCT}-{OFFLINE}-partners"


def key_of_partners(cloud: Cloud) -> str:
    """What another company's system brings besides its token.

    Raises:
        TokenError: what is deployed has no key for one.
    """
    gateway = cloud.client("apigateway")
    for page in gateway.get_paginator("get_api_keys").paginate(includeValues=True):
        for it in page["items"]:
            if it["name"] == NAME:
                return str(it["value"])
    raise TokenError("the deployed stack `customers` has no key for partners")
