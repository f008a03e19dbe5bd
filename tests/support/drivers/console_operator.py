"""An operator who is logged in to the console, and plans and confirms changes there."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from tests.support.drivers.console_login import App
from tests.support.drivers.offline import Answer, Deployment, call
from tools.local import operators


class ConsoleOperator:
    """Logged in once; paths are below ``v1/``."""

    def __init__(self, deployment: Deployment) -> None:
        self.operator = operators.known(deployment.emulator.workspace)
        self.app = App.at(self.operator.url)
        self.token = self.app.access_token(self.operator)

    def get(self, path: str) -> Any:
        """What a path tells, which has to answer."""
        found = self.app.asks(f"v1/{path}", self.token)
        assert found.status == 200, found
        return found.json

    def post(self, path: str, body: Any, token: str | None = None) -> Answer:
        """What the API answers to a change."""
        url = urljoin(self.app.url, f"v1/{path}")
        return call("POST", url, token=token or self.token, body=body)

    def plan(self, path: str, **parameters: Any) -> Any:
        """A plan, which there has to be."""
        planned = self.post(path, {"dry_run": True, **parameters})
        assert planned.status == 200, planned
        return planned.json

    def change(self, path: str, **parameters: Any) -> Any:
        """Plan a change and confirm the plan; the result."""
        plan = self.plan(path, **parameters)
        asked = {"dry_run": False, "plan": plan["digest"], "expires_at": plan["expires_at"]}
        done = self.post(path, {**asked, **parameters})
        assert done.status == 200, done
        return done.json["result"]
