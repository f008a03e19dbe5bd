"""From the bus to the customer: each event that concerns one is told once."""

from functools import cache
from typing import Any

from notifications import commands
from notifications.adapters.dynamodb_ledger import DynamoDbLedger
from notifications.adapters.dynamodb_outbox import DynamoDbOutbox
from notifications.adapters.published_functions import OrdersHistory, PublishedContacts
from notifications.adapters.ses_mailer import SesMailer
from notifications.domain.messages import MissingField, NothingToSay, compose, template_for
from notifications.environment import NotificationEnvironment
from notifications.ports import Contacts, Ledger, Mailer, Orders
from orders_language.history import OrderHistory
from shared.messaging.bus_messages import from_bus, sources
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope
from shared.messaging.queue_consumer import QueueConsumer, Unusable
from shared.messaging.retries import Retries
from shared.runtime import aws, log
from shared.runtime.environment import load
from shared.runtime.patterns import is_uuid
from shared.runtime.tracing.invocations import invocation


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Tell customers about a batch of events."""
    return _consumer().handle(event)


@cache
def _consumer() -> QueueConsumer:
    environment = load(NotificationEnvironment)
    # Not patient: who owns the answer reads an item or two. What takes longer comes again by the
    # queue, and meanwhile the other events of the batch have their turn.
    dynamodb, functions = aws.client("dynamodb"), aws.client("lambda")
    notifier = Notifier(
        OrdersHistory(OrderHistory(functions, environment.read_events_arn)),
        DynamoDbLedger(dynamodb, environment.ledger_table, environment.claim_seconds),
        PublishedContacts(functions, environment.read_contact_arn),
        _mailer(environment),
    )
    sqs = aws.client("sqs")
    return QueueConsumer(
        notifier.notify,
        DeadLetters(sqs, environment.dead_letters_url),
        Retries(sqs, environment.queue_url, environment.queue_attempts),
        from_bus(sources(environment.message_sources)),
    )


def _mailer(environment: NotificationEnvironment) -> Mailer:
    if environment.mail == "ses":
        return SesMailer(
            aws.client_that_tries_once("sesv2"),
            environment.mail_from,
            environment.configuration_set,
        )
    return DynamoDbOutbox(aws.client("dynamodb"), environment.outbox_table)


class Notifier:
    """Everything that telling a customer needs."""

    def __init__(self, orders: Orders, ledger: Ledger, contacts: Contacts, mailer: Mailer) -> None:
        self._orders = orders
        self._ledger = ledger
        self._contacts = contacts
        self._mailer = mailer

    def notify(self, event: Envelope) -> None:
        """Tell the customer about one event, if there is anything to say.

        Raises:
            Unusable: the event is not what its type promises.
            BeingSent, Unavailable, MailRefused: it must come again.
        """
        try:
            template_for(event.type, event.data)
            order_id = _order_id(event)
            customer_id = event.data.get("customer_id") or self._orders.customer_of(order_id)
            if customer_id is None:
                raise Unusable(f"there is no order {order_id}")
            notification = compose(event.event_id, event.type, order_id, event.data, customer_id)
        except NothingToSay:
            log.metric("EventsWithoutTemplate", 1)
            return
        except MissingField as missing:
            raise Unusable(str(missing)) from missing
        how = commands.tell(self._ledger, self._contacts, self._mailer, notification)
        log.info(
            "customer notified",
            template=notification.template,
            how=how,
            order_id=order_id,
            correlation_id=event.correlation_id,
        )
        log.metric("Notifications", 1, how=how)
        if how == commands.NOBODY:
            log.metric("NotificationsWithoutRecipient", 1)


def _order_id(event: Envelope) -> str:
    order_id = event.data.get("order_id") or event.aggregate_id
    if not isinstance(order_id, str) or not is_uuid(order_id):
        raise Unusable(f"{event.type} without an order_id")
    return order_id
