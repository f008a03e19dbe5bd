"""The system that faults are caused in: what is deployed now, as `make up` has written it down."""

from __future__ import annotations

import http.client
import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tools.base.errors import OfflineError
from tools.base.workspace import Workspace
from tools.emulator.payment_provider import PaymentProvider
from tools.local.faults.operator_token import Issuer

if TYPE_CHECKING:
    from tools.base.endpoint import Cloud
    from tools.base.outputs import Outputs
    from tools.base.target import Target


class Deployed:
    """Reads the outputs anew when they have changed: `make up` may deploy while this is open."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._seen: tuple[Path, float] | None = None

    @property
    def outputs(self) -> Outputs:
        """What was deployed last.

        Raises:
            OfflineError: nothing is.
        """
        self._look()
        return self._outputs

    @property
    def cloud(self) -> Cloud:
        """Clients of the emulator. Raises as ``outputs`` does."""
        self._look()
        return self._cloud

    @property
    def target(self) -> Target:
        """The same, as operators' commands want it. Raises as ``outputs`` does."""
        self._look()
        return self._target

    def named(self, service: str, heading: str, name: str) -> str:
        """A resource's name or address, such as ``("orders", "tables", "EventStore")``."""
        resources: Any = self.outputs["services"][service]
        found: str = resources[heading][name]
        return found

    @cached_property
    def providers(self) -> tuple[PaymentProvider, ...]:
        """Every payment provider of the workspace."""
        return PaymentProvider.all_of(self.workspace)

    def ask(self, method: str, path: str, document: Any = None) -> Any:
        """What the emulator itself answers, beside AWS's services.

        Raises:
            OfflineError: it refuses.
        """
        parts = urlsplit(self.outputs["endpoint"])
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        try:
            body = None if document is None else json.dumps(document)
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise OfflineError(f"the emulator answers {response.status} to {method} {path}")
        return json.loads(content)

    @property
    def issuer(self) -> Issuer:
        """Of operators' tokens. Raises as ``outputs`` does."""
        service = self.outputs["services"].get("console")
        if service is None:
            raise OfflineError("no console is deployed: run `make up` first")
        [pool] = service["user_pools"].values()
        [client] = service["user_pool_clients"].values()
        region = pool.partition("_")[0]
        name = f"https://cognito-idp.{region}.amazonaws.com/{pool}"
        return Issuer(name, client, lambda: self._keys(pool))

    def _keys(self, pool: str) -> list[dict[str, Any]]:
        keys: list[dict[str, Any]] = self.ask("GET", f"/{pool}/.well-known/jwks.json")["keys"]
        return keys

    def _look(self) -> None:
        # Here and not above: who starts the process need not wait for these.
        from tools.base import outputs
        from tools.base.endpoint import Cloud
        from tools.base.target import of_emulator

        file = self.workspace.outputs
        try:
            seen = (file, file.stat().st_mtime)
        except FileNotFoundError as error:
            raise OfflineError("nothing is deployed: run `make up` first") from error
        if seen != self._seen:
            self._outputs = outputs.read(file)
            self._cloud = Cloud(self._outputs["endpoint"])
            self._target = of_emulator(self._cloud)
            self._seen = seen
