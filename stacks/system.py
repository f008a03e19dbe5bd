"""The whole system, wired in the order in which data flows."""

from aws_cdk import App
from aws_cdk import Environment as Place

from stacks.account import AccountStack
from stacks.archive_replica import ArchiveReplicaStack
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


def build(app: App, environment: Environment) -> dict[str, ServiceStack]:
    """Every stack by its service's name; each depends on those whose parameters it reads."""
    here = Place(region=environment.region)
    replica = None
    if environment.archive_region:
        there = Place(region=environment.archive_region)
        replica = ArchiveReplicaStack(app, environment=environment, env=there)
    account = AccountStack(app, environment=environment, env=here)
    event_log = EventLogStack(app, environment=environment, env=here)
    signing = SigningStack(app, environment=environment, env=here)
    orders = OrdersStack(app, environment=environment, env=here)
    order_views = OrderViewsStack(app, environment=environment, env=here)
    sales = SalesStack(app, environment=environment, env=here)
    reconciliation = ReconciliationStack(app, environment=environment, env=here)
    customers = CustomersStack(app, environment=environment, env=here)
    shipping = ShippingStack(app, environment=environment, env=here)
    notifications = NotificationsStack(app, environment=environment, env=here)
    inventory = InventoryStack(app, environment=environment, env=here)
    payments = PaymentsStack(app, environment=environment, env=here)
    fulfilment = FulfilmentStack(app, environment=environment, env=here)
    with_api = (orders, order_views, customers, shipping)
    stacks: list[ServiceStack] = [account]

    if replica:
        event_log.add_stack_dependency(replica)
        stacks.append(replica)
    stacks.append(event_log)

    for stack in with_api:
        stack.add_stack_dependency(account)
    if environment.token_authorizer_arn is None:
        identity = IdentityStack(app, environment=environment, env=here)
        stacks.append(identity)
        for stack in (orders, customers):
            stack.add_stack_dependency(identity)
    signing.add_stack_dependency(event_log)
    orders.add_stack_dependency(event_log)
    orders.add_stack_dependency(signing)
    order_views.add_stack_dependency(orders)
    sales.add_stack_dependency(orders)
    reconciliation.add_stack_dependency(orders)
    customers.add_stack_dependency(event_log)
    shipping.add_stack_dependency(event_log)
    notifications.add_stack_dependency(orders)
    notifications.add_stack_dependency(customers)
    inventory.add_stack_dependency(event_log)
    payments.add_stack_dependency(event_log)
    for owner in (orders, inventory, payments, shipping):
        fulfilment.add_stack_dependency(owner)
    stacks += [
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
    ]
    return {stack.service: stack for stack in stacks}
