"""The console's page of views, as an operator reads it and changes something from it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from tests.support.drivers.console_login import App
from tests.support.drivers.offline import Answer, Deployment, call
from tools.local import operators

VIEW = "sales"


class Views:
    """The page of one view."""

    def __init__(self, deployment: Deployment) -> None:
        operator = operators.known(deployment.emulator.workspace)
        self.app = App.at(operator.url)
        self.token = self.app.access_token(operator)

    def view(self) -> Any:
        found = self.app.asks("v1/views", self.token)
        assert found.status == 200, found
        return {it["name"]: it for it in found.json["views"]}[VIEW]

    def states(self) -> dict[str, str]:
        return {it["state"]: it["name"] for it in self.view()["generations"]}

    def plan(self, what: str) -> Any:
        planned = self.post(what, {"dry_run": True})
        assert planned.status == 200, planned
        return planned.json

    def confirm(self, what: str, plan: Any) -> Answer:
        known = {"plan": plan["digest"], "expires_at": plan["expires_at"]}
        return self.post(what, {"dry_run": False, **known})

    def post(self, what: str, body: dict[str, Any]) -> Answer:
        path = urljoin(self.app.url, f"v1/views/{VIEW}/{what}")
        return call("POST", path, token=self.token, body=body)
