"""Partners: other companies' systems place and follow orders for customers of theirs."""
