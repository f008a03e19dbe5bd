"""Lets a function find out which customer a partner means."""

from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_stack import ServiceStack


def knows_customers(function: MicroserviceFunction, stack: ServiceStack) -> None:
    """Customers answer by a function of theirs: nobody else reads their table."""
    found = stack.find("customers", "find-partner-customer-arn")
    function.add_environment("FIND_PARTNER_CUSTOMER_ARN", found)
    grant(function, "lambda:InvokeFunction", on=found)
