"""The domain that customers' mail comes from: who names it, and what can never be one."""

MAIL_DOMAIN = "mail_domain"
"""Context key of the domain that mail comes from. Each environment has a subdomain of its own: the
same identity cannot be made twice in an account and region. The default can never be verified."""
_NOBODYS = (
    *("example", "test", "invalid", "localhost", "local", "onion", "alt", "internal"),
    *("example.com", "example.net", "example.org", "home.arpa"),
)
"""Nobody can own a name there: RFC 2606, 6761, 6762, 7686, 8375 and 9476 or ICANN reserve them."""


def somebody_can_own(domain: str) -> bool:
    """Whether somebody can put the records into its DNS by which SES verifies it."""
    labels = domain.lower().removesuffix(".").split(".")
    ends = {".".join(labels[begin:]) for begin in range(len(labels))}
    return len(labels) > 1 and all(labels) and ends.isdisjoint(_NOBODYS)
