"""The key by which API Gateway tells calls of other companies' systems from all others.

It says whose limits count; the token says who calls. Customers' stack has it, since partners begin
there: each API gives it a plan of its own.
"""

from aws_cdk import aws_apigateway as apigateway

from contracts.product import PRODUCT
from stacks.constructs.service_stack import ServiceStack

OWNER = "customers"
NAME = "partners-key-name"
"""The parameter has the key's id. Its value is made by API Gateway, and is in no template."""


def make_partners_key(stack: ServiceStack) -> apigateway.IApiKey:
    """The owner's part."""
    key = apigateway.ApiKey(
        stack,
        "PartnersKey",
        api_key_name=f"{PRODUCT}-{stack.stage.name}-partners",
        description="For the service for partners to call others",
    )
    stack.publish(NAME, key.key_id)
    return key


def partners_key(stack: ServiceStack) -> apigateway.IApiKey:
    """The owner's key, for another service's plan."""
    return apigateway.ApiKey.from_api_key_id(stack, "PartnersKey", stack.find(OWNER, NAME))
