"""Payment providers as real HTTP processes, with every fault that a real one may have."""

from local.payment_provider.process import PaymentProvider

__all__ = ["PaymentProvider"]
