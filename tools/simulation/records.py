"""The records of all services of a run, as the invariants' checker reads those of a deployment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from tools.local import books
from tools.local.invariants import Records
from tools.simulation.deployment import Deployment


def read(deployment: Deployment) -> Records:
    """All of it, by the same reader as for `make load`."""
    names = deployment.dynamodb.tables
    services: dict[str, Any] = {}
    for name in names:
        service = _owner(deployment, name)
        if service is not None:
            tables = services.setdefault(service, {"tables": {}})["tables"]
            tables[name.removeprefix(f"{service}-")] = name
    outputs = cast(Any, {"services": services})
    providers = cast(Any, [_Provider(deployment)])
    return books.read(outputs, cast(Any, _Cloud(deployment)), providers)


def _owner(deployment: Deployment, name: str) -> str | None:
    longest_first = sorted(deployment.services, key=len, reverse=True)
    return next((it for it in longest_first if name.startswith(f"{it}-")), None)


@dataclass
class _Cloud:
    deployment: Deployment

    def client(self, _service: str) -> _Cloud:
        return self

    def get_paginator(self, _operation: str) -> _Cloud:
        return self

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        table = self.deployment.dynamodb.tables[asked["TableName"]]
        yield {"Items": list(table.items.values())}


@dataclass
class _Provider:
    deployment: Deployment

    def ledger(self) -> dict[str, Any]:
        return {
            "authorizations": [
                {
                    "reference": it.order_id,
                    "status": it.status,
                    "amount": it.amount,
                    "captured": it.captured,
                    "refunded": it.refunded,
                }
                for it in self.deployment.providers.charges()
            ]
        }
