"""A payment provider as a real HTTP process, with every fault that a real one may have."""

from local.payment_provider.process import PaymentProvider

__all__ = ["PaymentProvider"]
