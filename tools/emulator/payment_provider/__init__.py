"""Payment providers as real HTTP processes, with every fault that a real one may have."""

from tools.emulator.payment_provider.process import PaymentProvider

__all__ = ["PaymentProvider"]
