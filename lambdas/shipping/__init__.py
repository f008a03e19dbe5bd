"""Shipping: quotes gathered from carriers, shipments booked with the best, and followed."""
