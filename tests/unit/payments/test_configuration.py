"""What payments can be told, and what it refuses to be told."""

import pytest

from payments.configuration import FLAGS, SETTINGS, Flags, Settings
from shared.runtime.configuration import Refused


def test_without_any_document_payments_waits_two_seconds_for_the_primary_provider() -> None:
    assert SETTINGS.read(b"{}") == Settings(provider_timeout_seconds=2.0)
    assert not FLAGS.read(b"{}").payment_failover.enabled


def test_a_switch_and_a_number_are_read() -> None:
    assert SETTINGS.read(b'{"provider_timeout_seconds": 1}').provider_timeout_seconds == 1
    on = FLAGS.read(b'{"payment-failover": {"enabled": true}}')
    assert on.payment_failover.enabled
    assert on != Flags()


@pytest.mark.parametrize(("seconds", "whose"), [(2.95, ["worker"]), (60, ["worker", "saga"])])
def test_patience_that_outlasts_who_waits_for_it_is_refused(
    seconds: float, whose: list[str]
) -> None:
    with pytest.raises(Refused) as refused:
        SETTINGS.read(f'{{"provider_timeout_seconds": {seconds}}}'.encode())
    violations = refused.value.violations
    assert {(it.pointer, it.value) for it in violations} == {("/provider_timeout_seconds", seconds)}
    assert [who in it.rule for who, it in zip(whose, violations, strict=True)]


@pytest.mark.parametrize(
    ("document", "where"),
    [
        (b'{"provider_timeout_seconds": 0}', "/provider_timeout_seconds"),
        (b'{"provider_timeout_seconds": 61}', "/provider_timeout_seconds"),
        (b'{"provider_timeout_seconds": "2"}', "/provider_timeout_seconds"),
        (b'{"provider_timeout_seconds": null}', "/provider_timeout_seconds"),
        (b'{"provider_timeout": 2}', "/provider_timeout"),
    ],
)
def test_a_document_of_another_form_is_refused(document: bytes, where: str) -> None:
    with pytest.raises(Refused) as refused:
        SETTINGS.read(document)
    assert [it.pointer for it in refused.value.violations] == [where]


def test_a_flag_that_payments_does_not_know_is_refused() -> None:
    with pytest.raises(Refused, match="/payment-fallover"):
        FLAGS.read(b'{"payment-fallover": {"enabled": true}}')
