"""Which templates say something of a service: its own, and those of who gives out its scopes.

All others find it, if at all, by parameters and cards when they are deployed or while they run.
"""

from __future__ import annotations

from stacks.services import Service

OF_CUSTOMERS = "identity"
"""Whose user pool knows the scopes of customers and of other companies' systems."""
OF_OPERATORS = "console"


def with_templates_that_name(service: Service) -> frozenset[str]:
    """The services whose templates are others when this one comes or goes, itself among them."""
    found = {service.name}
    if service.scopes or service.machine_scopes:
        found.add(OF_CUSTOMERS)
    if service.operator_scopes:
        found.add(OF_OPERATORS)
    return frozenset(found)
