"""The commands on payments: each leads to one state, however often and in whatever order it comes.

The provider decides what happened to the money; the table remembers it, and which provider it was.
Whatever a lost answer or another worker left open is settled by asking the same provider again
under the same idempotency key.
"""

from collections.abc import Callable

import msgspec

from payments.domain.errors import Contended, ProviderBroken
from payments.domain.payment import Payment, Provider, Status
from payments.ports import AuthorizationStatus, Declined, Payments, Providers

ATTEMPTS = 8
Step = Callable[[Payment | None], Payment | None]
"""From what is known to what is so next; None: nothing more to do."""


class AuthorizePayment(msgspec.Struct, frozen=True):
    """Hold an amount, in minor units of ``currency``; ``provider`` is asked if nobody was yet."""

    order_id: str
    payer: str
    amount: int
    currency: str
    provider: Provider = Provider.PRIMARY


class CapturePayment(msgspec.Struct, frozen=True):
    """Charge what is held for an order."""

    order_id: str


class VoidPayment(msgspec.Struct, frozen=True):
    """Let go of what is held for an order."""

    order_id: str


class RefundPayment(msgspec.Struct, frozen=True):
    """Undo an order's payment, however far it went."""

    order_id: str


def authorize_payment(
    payments: Payments, providers: Providers, command: AuthorizePayment
) -> Payment:
    """Hold the amount, unless anything is known of this order's payment already.

    Then that goes on, with the provider that it began with, whichever the command names.
    """
    begun = Payment.begin(
        command.order_id, command.payer, command.amount, command.currency, command.provider
    )

    def step(known: Payment | None) -> Payment | None:
        if known is None:
            return begun
        return _authorized(providers, known) if known.status is Status.AUTHORIZING else None

    return _known(_carry_out(payments, begun.order_id, step))


def capture_payment(
    payments: Payments, providers: Providers, command: CapturePayment
) -> Payment | None:
    """Charge what is held. None: there is no payment at all."""
    order_id = command.order_id

    def step(known: Payment | None) -> Payment | None:
        if known is None or known.status is not Status.AUTHORIZED:
            return None
        assert known.authorization_id
        provider = providers[known.provider]
        return _as_reported(known, provider.capture(order_id, known.authorization_id))

    return _carry_out(payments, order_id, step)


def void_payment(payments: Payments, providers: Providers, command: VoidPayment) -> Payment:
    """Let go of what is held; without a payment, see to it that there never is one."""
    order_id = command.order_id

    def step(known: Payment | None) -> Payment | None:
        if known is None:
            return Payment.never_made(order_id)
        if known.status is Status.AUTHORIZING:
            return _authorized(providers, known)
        if known.status is Status.AUTHORIZED:
            assert known.authorization_id
            provider = providers[known.provider]
            return _as_reported(known, provider.void(order_id, known.authorization_id))
        return None

    return _known(_carry_out(payments, order_id, step))


def refund_payment(payments: Payments, providers: Providers, command: RefundPayment) -> Payment:
    """Undo whatever there is: give back what was charged, let go of what is only held."""
    order_id = command.order_id
    payment = void_payment(payments, providers, VoidPayment(order_id))

    def step(known: Payment | None) -> Payment | None:
        if known is None or known.status is not Status.CAPTURED:
            return None
        assert known.authorization_id
        provider = providers[known.provider]
        return _as_reported(known, provider.refund(order_id, known.authorization_id))

    if payment.status is not Status.CAPTURED:
        return payment
    return _known(_carry_out(payments, order_id, step))


def _carry_out(payments: Payments, order_id: str, step: Step) -> Payment | None:
    """Take steps until there is none left; a step that was overtaken is taken again."""
    known = payments.find(order_id)
    for _attempt in range(ATTEMPTS):
        following = step(known)
        if following is None:
            return known
        known = following if payments.save(following) else payments.find(order_id)
    raise Contended(order_id)


def _known(payment: Payment | None) -> Payment:
    assert payment is not None  # payments are never deleted
    return payment


def _authorized(providers: Providers, begun: Payment) -> Payment:
    """Ask, or ask again: the provider gives the first answer, and never holds twice."""
    provider = providers[begun.provider]
    answer = provider.authorize(begun.order_id, begun.payer, begun.amount, begun.currency)
    if isinstance(answer, Declined):
        return begun.declined(answer.reason)
    return begun.authorized(answer.authorization_id, answer.expires_at)


def _as_reported(known: Payment, reported: AuthorizationStatus) -> Payment:
    """What the provider says is so, even if it is not what was asked for.

    Raises:
        ProviderBroken: that cannot be so. Believed, it would end the command while money is held
            or charged.
    """
    if not known.may_become(Status(reported)):
        raise ProviderBroken(f"{known.order_id}: {known.status}, and now said to be {reported}")
    match reported:
        case AuthorizationStatus.CAPTURED:
            return known.capture()
        case AuthorizationStatus.VOIDED:
            return known.void()
        case AuthorizationStatus.EXPIRED:
            return known.expire()
        case _:
            return known.refund()
