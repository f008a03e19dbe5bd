"""Differences that break something, one line of a file each: wherever a change may be made."""

from __future__ import annotations

from typing import NamedTuple


class Difference(NamedTuple):
    """In ``path``, the first ``old`` becomes ``new``."""

    path: str
    old: str
    new: str


RECORDED = (
    # Services
    Difference(
        "lambdas/console/domain/timeline.py", "if len(found) >= MOST", "if len(found) < MOST"
    ),
    Difference("lambdas/console/commands/recording.py", "if not by_order:", "if by_order:"),
    Difference("lambdas/customers/domain/customer.py", "if contact == self", "if contact != self"),
    Difference("lambdas/customers/queries.py", "if known is None:", "if known is not None:"),
    Difference("lambdas/event_log/adapters/read_turns.py", '!= "Condi', '== "Condi'),
    Difference("lambdas/fulfilment/commands.py", "if saga is None:", "if saga is not None:"),
    Difference("lambdas/fulfilment/handlers/take_reply.py", '!= "CommandR', '== "CommandR'),
    Difference(
        "lambdas/inventory/commands.py",
        "if warehouse.keep(None, t",
        "if not warehouse.keep(None, t",
    ),
    Difference("lambdas/inventory/handlers/record_sales.py", '!= "OrderConf', '== "OrderConf'),
    Difference("lambdas/notifications/commands.py", "if not ledger.claim(", "if ledger.claim("),
    Difference(
        "lambdas/order_views/domain/order_view.py",
        'event_type == "OrderPlaced"',
        'event_type != "OrderPlaced"',
    ),
    Difference(
        "lambdas/order_views/queries.py",
        "after.customer_id != customer_id",
        "after.customer_id == customer_id",
    ),
    Difference(
        "lambdas/orders/domain/order.py", "if not terms.accepts_orders:", "if terms.accepts_orders:"
    ),
    Difference("lambdas/orders/queries.py", "occurred_at > self.at", "occurred_at < self.at"),
    Difference(
        "lambdas/orders/adapters/dynamodb_event_store.py",
        'if "LastEvaluatedKey" not in',
        'if "LastEvaluatedKey" in',
    ),
    Difference("lambdas/payments/commands.py", "if known is None:", "if known is not None:"),
    Difference(
        "lambdas/payments/adapters/http_provider.py", "if status == 402:", "if status == 403:"
    ),
    Difference(
        "lambdas/reconciliation/domain/comparison.py", "if not self.since <=", "if self.since <="
    ),
    Difference(
        "lambdas/sales/domain/sales.py", 'if event_type != "OrderC', 'if event_type == "OrderC'
    ),
    Difference("lambdas/signing/handlers/rotate_quote_signing.py", "def handler(", "def handle("),
    Difference(
        "lambdas/webhooks/environment.py",
        "    endpoints_table: str\n",
        "    endpoints_table: str\n    region_of_old: str\n",
    ),
    Difference(
        "lambdas/orders/handlers/cancel_order.py", "def handler(request", "def handle(request"
    ),
    Difference(
        "lambdas/customers/queries.py",
        "from customers.domain.errors",
        "import orders.domain.order\nfrom customers.domain.errors",
    ),
    # In containers
    Difference(
        "containers/partners/commands.py", "if answer.status >= 400", "if answer.status < 400"
    ),
    Difference(
        "containers/pricing_server/queries.py",
        "known = watched(listed, currency, skus)",
        "known = watched(listed, currency, [])",
    ),
    # What several services use
    Difference("lambdas/orders_language/quotes.py", "if not text.isascii()", "if text.isascii()"),
    Difference(
        "lambdas/shared/messaging/envelope.py", "if len(message) > MAX", "if len(message) < MAX"
    ),
    Difference(
        "lambdas/shared/read_models/pointer.py", "and not found.complete", "and found.complete"
    ),
    Difference("lambdas/shared/runtime/api.py", "len(self.body) > MAX", "len(self.body) < MAX"),
    # Contracts and configuration
    Difference("contracts/events/OrderPlaced.v1.schema.json", '"customer_id": {', '"customer": {'),
    Difference(
        "contracts/events/ReserveStock.v1.schema.json",
        '"x-owner": "inventory"',
        '"x-owner": "payments"',
    ),
    Difference(
        "contracts/released/PaymentCaptured.v1.schema.json", '"type": "object"', '"type": "array"'
    ),
    Difference(
        "contracts/apis/shipping.yaml",
        "/v1/carriers/{carrier}/tracking",
        "/v1/carriers/{carrier}/reports",
    ),
    Difference("contracts/openapi/orders.json", '"/v1/orders"', '"/v1/order"'),
    Difference(
        "contracts/messages.py",
        'COMMAND, REPLY, INTEGRATION_EVENT = "command"',
        'COMMAND, REPLY, INTEGRATION_EVENT = "order"',
    ),
    Difference(
        "config/dev/payments.json",
        '"provider_timeout_seconds": 2',
        '"provider_timeout_seconds": "2"',
    ),
    Difference("config/schemas/orders.settings.schema.json", '"properties"', '"property"'),
    # Stacks
    Difference("stacks/inventory.py", '"dynamodb:Query",', '"dynamodb:*",'),
    Difference("stacks/orders.py", 'handler="publish_to_bus"', 'handler="publish"'),
    Difference("stacks/shipping.py", 'name="shipping"', 'name="dispatch"'),
    Difference(
        "stacks/constructs/service_stack.py",
        "enable_key_rotation=True",
        "enable_key_rotation=False",
    ),
    Difference(
        "stacks/stage.py",
        "RemovalPolicy.RETAIN if self.protected",
        "RemovalPolicy.RETAIN if not self.protected",
    ),
    Difference("cdk.json", '"context": {', '"contexts": {'),
    # The rest
    Difference("bundling/sources.py", 'LANGUAGE = "_language"', 'LANGUAGE = "_tongue"'),
    Difference("web/src/logic/pace.ts", "return", "return void"),
    Difference("tools/teardown/plan.py", "timedelta(days=30)", "timedelta(days=3)"),
    Difference("tools/emulator/function_host.py", "import os", "import oss"),
    Difference(
        "tests/support/fakes/fake_bus.py", "class FakeEventBridge", "class FakedEventBridge"
    ),
    Difference("Makefile", ".PHONY: help", ".PHONY:"),
    Difference("docs/operations.md", "make ", "mak "),
)
