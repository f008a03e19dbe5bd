"""Payments as the table keeps them."""

from payments.adapters.dynamodb_payments import from_item, to_item
from payments.domain.payment import Payment, Provider


def test_the_provider_is_kept_from_the_first_write_on() -> None:
    begun = Payment.begin("order-1", "customer-1", 1290, "EUR", Provider.BACKUP)
    assert from_item(to_item(begun)) == begun
    assert to_item(begun)["provider"] == {"S": "backup"}


def test_a_payment_from_before_there_was_a_choice_is_the_primarys() -> None:
    item = to_item(Payment.begin("order-1", "customer-1", 1290, "EUR"))
    del item["provider"]
    assert from_item(item).provider is Provider.PRIMARY
