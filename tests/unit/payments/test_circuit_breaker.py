"""The circuit: closed, open after failures in a row, half open after a while, closed again."""

import pytest

from payments.adapters.circuit_breaker import FAILURES, OPEN_SECONDS, CircuitBreaker
from payments.domain.errors import CircuitOpen, ProviderUnavailable
from payments.domain.payment import Provider
from payments.ports import AuthorizationStatus
from tests.support.fakes.clock import Clock
from tests.support.fakes.fake_provider import FakeProvider


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider() -> FakeProvider:
    provider = FakeProvider()
    provider.authorizations["auth-1"] = AuthorizationStatus.AUTHORIZED
    return provider


@pytest.fixture
def circuit(provider: FakeProvider, clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(provider, Provider.BACKUP, clock)


def fail(circuit: CircuitBreaker, provider: FakeProvider, times: int) -> None:
    provider.fails = times
    for _ in range(times):
        with pytest.raises(ProviderUnavailable):
            circuit.void("order-1", "auth-1")


def test_an_answer_goes_through(circuit: CircuitBreaker) -> None:
    assert circuit.void("order-1", "auth-1") is AuthorizationStatus.VOIDED


def test_an_open_circuit_leaves_the_provider_alone(
    circuit: CircuitBreaker, provider: FakeProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    fail(circuit, provider, FAILURES)
    asked = len(provider.calls)
    with pytest.raises(CircuitOpen):
        circuit.void("order-1", "auth-1")
    assert len(provider.calls) == asked
    printed = capsys.readouterr().out
    assert '"CircuitOpened":1' in printed
    assert '"provider":"backup"' in printed


def test_failures_that_are_not_in_a_row_do_not_open_it(
    circuit: CircuitBreaker, provider: FakeProvider
) -> None:
    for _ in range(3):
        fail(circuit, provider, FAILURES - 1)
        assert circuit.void("order-1", "auth-1") is AuthorizationStatus.VOIDED


def test_after_a_while_one_probe_that_succeeds_closes_it(
    circuit: CircuitBreaker, provider: FakeProvider, clock: Clock
) -> None:
    fail(circuit, provider, FAILURES)
    clock.now += OPEN_SECONDS
    assert circuit.void("order-1", "auth-1") is AuthorizationStatus.VOIDED
    fail(circuit, provider, FAILURES - 1)  # it is closed: fewer do not open it
    assert circuit.void("order-1", "auth-1") is AuthorizationStatus.VOIDED


def test_a_probe_that_fails_opens_it_for_as_long_again(
    circuit: CircuitBreaker, provider: FakeProvider, clock: Clock
) -> None:
    fail(circuit, provider, FAILURES)
    clock.now += OPEN_SECONDS
    fail(circuit, provider, 1)
    clock.now += OPEN_SECONDS - 0.1
    with pytest.raises(CircuitOpen):
        circuit.void("order-1", "auth-1")


def test_a_refusal_of_the_business_is_an_answer(
    circuit: CircuitBreaker, provider: FakeProvider
) -> None:
    provider.declines = True
    for number in range(FAILURES + 1):
        circuit.authorize(f"order-{number}", "customer-1", 1, "EUR")
    assert circuit.void("order-1", "auth-1") is AuthorizationStatus.VOIDED
