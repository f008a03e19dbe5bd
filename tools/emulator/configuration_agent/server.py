"""The agent's HTTP interface: GET /applications/{}/environments/{}/configurations/{}, GET /ping.

Applications, environments and profiles are named by name or id. What the real agent can do beyond
that is not played, since nothing here asks for it: a choice of flags by `?flag=`, and variants.
"""

from __future__ import annotations

import json
import re
import threading
from functools import cached_property
from typing import Any
from urllib.parse import unquote, urlsplit

from tools.emulator.configuration_agent.retrieval import NotDeployed, Retrieval, Retrieved
from tools.emulator.loopback_guard import GuardedHandler, GuardedServer

_PATH = re.compile(r"/applications/([^/]+)/environments/([^/]+)/configurations/([^/]+)")
_JSON = "application/json"


class Agent(GuardedServer):
    """The agent of the emulator at ``endpoint``."""

    def __init__(self, port: int, *, endpoint: str, poll_seconds: float) -> None:
        super().__init__(port, _Handler)
        self._endpoint = endpoint
        self._poll_seconds = poll_seconds
        self._retrievals: dict[tuple[str, ...], Retrieval] = {}
        self._lock = threading.Lock()

    def retrieval(self, application: str, environment: str, profile: str) -> Retrieval:
        """The one retrieval of this configuration."""
        name = (application, environment, profile)
        with self._lock:
            if name not in self._retrievals:
                self._retrievals[name] = Retrieval(self._client, *name, self._poll_seconds)
            return self._retrievals[name]

    @cached_property
    def _client(self) -> Any:
        from tools.base.endpoint import (
            Cloud,  # takes a moment: whoever starts the agent need not wait
        )

        return Cloud(self._endpoint).client("appconfigdata")


class _Handler(GuardedHandler):
    server: Agent

    def do_GET(self) -> None:
        """A configuration, or an answer that says why there is none."""
        path = urlsplit(self.path).path
        if path == "/ping":
            self._answer(200, b"{}")
        elif match := _PATH.fullmatch(path):
            self._configuration(*map(unquote, match.groups()))
        else:
            self._refuse(400, "BadRequestException", "there is no such path")

    def _configuration(self, application: str, environment: str, profile: str) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = self.server.retrieval(application, environment, profile).latest()
        except NotDeployed:
            self._refuse(404, "ResourceNotFoundException", "nothing is deployed yet")
        except ClientError as error:
            code = error.response["Error"]["Code"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            self._refuse(status, code, error.response["Error"].get("Message", ""))
        except BotoCoreError as error:
            self._refuse(502, "BadGatewayException", f"AppConfig: {type(error).__name__}")
        else:
            self._serve(found)

    def _serve(self, found: Retrieved) -> None:
        version = {"Configuration-Version": found.version} if found.version else {}
        self._answer(200, found.content, found.content_type, **version)

    def _refuse(self, status: int, code: str, message: str) -> None:
        self._answer(status, json.dumps({"Code": code, "Message": message}).encode())

    def _answer(
        self, status: int, content: bytes, content_type: str = _JSON, **headers: str
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
