"""What operators see of messages and orders, and where they have read to; it does not know AWS."""
