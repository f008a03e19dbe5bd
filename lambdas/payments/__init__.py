"""Payments: authorized, captured, voided and refunded with a payment provider."""
