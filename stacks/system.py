"""The whole system, wired in the order in which data flows."""

from typing import Any

from aws_cdk import App

from stacks.constructs.service_stack import ServiceStack
from stacks.customers import CustomersStack
from stacks.environment import Environment
from stacks.event_log import EventLogStack
from stacks.fulfilment import FulfilmentStack
from stacks.identity import IdentityStack
from stacks.inventory import InventoryStack
from stacks.notifications import NotificationsStack
from stacks.order_views import OrderViewsStack
from stacks.orders import OrdersStack
from stacks.payments import PaymentsStack
from stacks.reconciliation import ReconciliationStack
from stacks.sales import SalesStack
from stacks.shipping import ShippingStack
from stacks.signing import SigningStack


def build(app: App, environment: Environment, **kwargs: Any) -> dict[str, ServiceStack]:
    """Every stack by its service's name; each depends on those whose parameters it reads."""
    event_log = EventLogStack(app, environment=environment, **kwargs)
    identity = IdentityStack(app, environment=environment, **kwargs)
    signing = SigningStack(app, environment=environment, **kwargs)
    orders = OrdersStack(app, environment=environment, **kwargs)
    order_views = OrderViewsStack(app, environment=environment, **kwargs)
    sales = SalesStack(app, environment=environment, **kwargs)
    reconciliation = ReconciliationStack(app, environment=environment, **kwargs)
    customers = CustomersStack(app, environment=environment, **kwargs)
    shipping = ShippingStack(app, environment=environment, **kwargs)
    notifications = NotificationsStack(app, environment=environment, **kwargs)
    inventory = InventoryStack(app, environment=environment, **kwargs)
    payments = PaymentsStack(app, environment=environment, **kwargs)
    fulfilment = FulfilmentStack(app, environment=environment, **kwargs)

    signing.add_stack_dependency(event_log)
    orders.add_stack_dependency(event_log)
    orders.add_stack_dependency(identity)
    orders.add_stack_dependency(signing)
    order_views.add_stack_dependency(orders)
    sales.add_stack_dependency(orders)
    reconciliation.add_stack_dependency(orders)
    customers.add_stack_dependency(event_log)
    customers.add_stack_dependency(identity)
    shipping.add_stack_dependency(event_log)
    notifications.add_stack_dependency(orders)
    notifications.add_stack_dependency(customers)
    inventory.add_stack_dependency(event_log)
    payments.add_stack_dependency(event_log)
    for owner in (orders, inventory, payments, shipping):
        fulfilment.add_stack_dependency(owner)
    return {
        stack.service: stack
        for stack in (
            event_log,
            identity,
            signing,
            orders,
            order_views,
            sales,
            reconciliation,
            customers,
            inventory,
            payments,
            fulfilment,
            shipping,
            notifications,
        )
    }
