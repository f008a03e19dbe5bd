"""What every payment provider promises: the fake, and the real one behind HTTP."""

import uuid

import pytest

from payments.ports import AuthorizationStatus, Authorized, PaymentProvider


def authorized(provider: PaymentProvider, order: str, amount: int = 1290) -> Authorized:
    answer = provider.authorize(order, "customer-1", amount, "EUR")
    assert isinstance(answer, Authorized)
    return answer


class ProviderContract:
    """Inherit it, and give it a fixture ``provider``."""

    @pytest.fixture
    def order(self) -> str:
        return str(uuid.uuid4())

    def test_asking_again_for_an_authorization_gives_the_same_one(
        self, provider: PaymentProvider, order: str
    ) -> None:
        assert authorized(provider, order) == authorized(provider, order)

    def test_each_order_has_an_authorization_of_its_own(self, provider: PaymentProvider) -> None:
        first, second = (authorized(provider, str(uuid.uuid4())) for _ in range(2))
        assert first.authorization_id != second.authorization_id

    @pytest.mark.parametrize(
        ("operations", "reported"),
        [
            (["capture"], AuthorizationStatus.CAPTURED),
            (["capture", "capture"], AuthorizationStatus.CAPTURED),
            (["void"], AuthorizationStatus.VOIDED),
            (["void", "void"], AuthorizationStatus.VOIDED),
            (["void", "capture"], AuthorizationStatus.VOIDED),
            (["capture", "void"], AuthorizationStatus.CAPTURED),
            (["capture", "refund"], AuthorizationStatus.REFUNDED),
            (["capture", "refund", "refund"], AuthorizationStatus.REFUNDED),
            (["void", "refund"], AuthorizationStatus.VOIDED),
            (["refund"], AuthorizationStatus.AUTHORIZED),
        ],
    )
    def test_the_last_answer_says_how_the_authorization_stands(
        self,
        provider: PaymentProvider,
        order: str,
        operations: list[str],
        reported: AuthorizationStatus,
    ) -> None:
        authorization = authorized(provider, order)
        for operation in operations:
            answer = getattr(provider, operation)(order, authorization.authorization_id)
        assert answer is reported
