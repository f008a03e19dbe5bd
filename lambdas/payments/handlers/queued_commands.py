"""AuthorizePayment, CapturePayment, VoidPayment and RefundPayment from the queue."""

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

import msgspec

from payments import commands
from payments.adapters.circuit_breaker import CircuitBreaker
from payments.adapters.dynamodb_payments import DynamoDbPayments
from payments.adapters.http_provider import HttpPaymentProvider
from payments.adapters.provider_key import ProviderKey
from payments.configuration import FLAGS, SETTINGS
from payments.domain.payment import Payment, Provider, Status
from payments.environment import CommandEnvironment
from payments.ports import PaymentProvider, Payments, Providers
from shared.messaging.bus import Bus
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope
from shared.messaging.queue_worker import (
    CommandType,
    IntegrationEvent,
    Outcome,
    QueueWorker,
    done,
    refused,
)
from shared.messaging.retries import Retries
from shared.runtime import aws, configuration
from shared.runtime.environment import load
from shared.runtime.patterns import Currency, Uuid
from shared.runtime.tracing.invocations import invocation


class AuthorizePayment(msgspec.Struct, frozen=True):
    """Hold an amount, in minor units of ``currency``, of the customer's money."""

    order_id: Uuid
    customer_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    amount: Annotated[int, msgspec.Meta(ge=1)]
    currency: Currency


class CapturePayment(msgspec.Struct, frozen=True):
    """Charge what is held for an order."""

    order_id: Uuid


class VoidPayment(msgspec.Struct, frozen=True):
    """Let go of what is held for an order."""

    order_id: Uuid


class RefundPayment(msgspec.Struct, frozen=True):
    """Undo an order's payment, however far it went."""

    order_id: Uuid


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Carry out a batch of commands; those that failed come again after a while."""
    return _worker().handle(event)


@cache
def _worker() -> QueueWorker:
    environment = load(CommandEnvironment)
    sqs = aws.client("sqs")
    providers = {
        Provider.PRIMARY: _provider(
            Provider.PRIMARY, environment.provider_url, environment.provider_key_secret_arn
        ),
        Provider.BACKUP: _provider(
            Provider.BACKUP,
            environment.backup_provider_url,
            environment.backup_provider_key_secret_arn,
        ),
    }
    return QueueWorker(
        commands_on(
            DynamoDbPayments(aws.client("dynamodb"), environment.payments_table),
            providers,
            _first_for_new_payments,
        ),
        Bus(aws.client("events"), environment.bus_name, "payments"),
        DeadLetters(sqs, environment.dead_letters_url),
        Retries(sqs, environment.queue_url, environment.queue_attempts),
    )


def _provider(name: Provider, url: str, key_secret_arn: str) -> PaymentProvider:
    key = ProviderKey(aws.brief_client("secretsmanager"), key_secret_arn)
    return CircuitBreaker(HttpPaymentProvider(url, key, _provider_timeout), name)


def _provider_timeout() -> float:
    return configuration.current(SETTINGS).provider_timeout_seconds


def _first_for_new_payments() -> Provider:
    failover = configuration.current(FLAGS).payment_failover.enabled
    return Provider.BACKUP if failover else Provider.PRIMARY


def commands_on(
    payments: Payments, providers: Providers, for_new_payments: Callable[[], Provider]
) -> dict[str, CommandType[Any]]:
    """The commands that payments takes from its queue."""

    def authorize(form: AuthorizePayment, _message: Envelope) -> Outcome:
        command = commands.AuthorizePayment(
            form.order_id, form.customer_id, form.amount, form.currency, for_new_payments()
        )
        return _outcome_of_authorizing(commands.authorize_payment(payments, providers, command))

    def capture(form: CapturePayment, _message: Envelope) -> Outcome:
        command = commands.CapturePayment(form.order_id)
        payment = commands.capture_payment(payments, providers, command)
        if payment is not None and payment.status is Status.CAPTURED:
            return done(_money(payment), IntegrationEvent("PaymentCaptured", _money(payment)))
        expired = payment is not None and payment.status is Status.EXPIRED
        return refused("authorization-expired" if expired else "not-authorized")

    def void(form: VoidPayment, _message: Envelope) -> Outcome:
        command = commands.VoidPayment(form.order_id)
        payment = commands.void_payment(payments, providers, command)
        if payment.status is Status.CAPTURED:
            return refused("already-captured")
        return done({"voided": bool(payment.voided)}, *_voided(payment))

    def refund(form: RefundPayment, _message: Envelope) -> Outcome:
        command = commands.RefundPayment(form.order_id)
        payment = commands.refund_payment(payments, providers, command)
        events = _voided(payment)
        if payment.refunded:
            data = {"amount": payment.refunded, "currency": payment.currency}
            events = (IntegrationEvent("PaymentRefunded", data),)
        return done({"refunded": payment.refunded}, *events)

    return {
        "AuthorizePayment": CommandType(AuthorizePayment, authorize),
        "CapturePayment": CommandType(CapturePayment, capture),
        "VoidPayment": CommandType(VoidPayment, void),
        "RefundPayment": CommandType(RefundPayment, refund),
    }


def _outcome_of_authorizing(payment: Payment) -> Outcome:
    match payment.status:
        case Status.AUTHORIZED | Status.CAPTURED:
            return done(
                {"authorization_id": payment.authorization_id, **_money(payment)},
                IntegrationEvent(
                    "PaymentAuthorized", {**_money(payment), "expires_at": payment.expires_at}
                ),
            )
        case Status.DECLINED:
            # The provider's own reason stays here: it may say more than the world should know.
            return refused(
                "payment-declined", {}, IntegrationEvent("PaymentDeclined", _money(payment))
            )
        case Status.EXPIRED:
            return refused("authorization-expired")
        case _:
            return refused("voided-before")


def _voided(payment: Payment) -> tuple[IntegrationEvent, ...]:
    return (IntegrationEvent("PaymentVoided", _money(payment)),) if payment.voided else ()


def _money(payment: Payment) -> dict[str, Any]:
    return {"amount": payment.amount, "currency": payment.currency}
