"""The whole system, wired in the order in which data flows."""

from typing import Any

from aws_cdk import App

from stacks.constructs.service_stack import ServiceStack
from stacks.customers import CustomersStack
from stacks.environment import Environment
from stacks.event_log import EventLogStack
from stacks.identity import IdentityStack
from stacks.order_views import OrderViewsStack
from stacks.orders import OrdersStack
from stacks.sales import SalesStack


def build(app: App, environment: Environment, **kwargs: Any) -> dict[str, ServiceStack]:
    """Every stack by its service's name; each depends on those whose parameters it reads."""
    event_log = EventLogStack(app, environment=environment, **kwargs)
    identity = IdentityStack(app, environment=environment, **kwargs)
    orders = OrdersStack(app, environment=environment, **kwargs)
    order_views = OrderViewsStack(app, environment=environment, **kwargs)
    sales = SalesStack(app, environment=environment, **kwargs)
    customers = CustomersStack(app, environment=environment, **kwargs)

    orders.add_stack_dependency(event_log)
    orders.add_stack_dependency(identity)
    order_views.add_stack_dependency(orders)
    sales.add_stack_dependency(orders)
    customers.add_stack_dependency(event_log)
    customers.add_stack_dependency(identity)
    return {
        stack.service: stack
        for stack in (event_log, identity, orders, order_views, sales, customers)
    }
