"""Logs in to the console as its app does: a code with PKCE, through the login's own pages."""

from __future__ import annotations

import base64
import http.client
import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from tests.support.drivers.offline import Answer, call
from tools.base.code_flow import Form, challenge
from tools.local.operators import Operator

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class App:
    """The app of one deployment: its address, and what ``config.json`` tells it."""

    url: str
    config: dict[str, Any]

    @classmethod
    def at(cls, url: str) -> App:
        return cls(url, call("GET", urljoin(url, "config.json")).json)

    def code(self, operator: Operator, verifier: str, **changed: str) -> str:
        """What the login gives the app, once the operator has filled in its page."""
        state = secrets.token_urlsafe(16)
        location = urlsplit(self.answer(operator, verifier, state=state, **changed))
        assert location.geturl().startswith(f"{self.url}?"), location
        found = {name: value for name, [value] in parse_qs(location.query).items()}
        assert found.get("state") == state, "the answer is to somebody else's question"
        return found["code"]

    def answer(self, operator: Operator, verifier: str, **changed: str) -> str:
        """Where the login sends the browser."""
        page = self.page(verifier, **changed)
        assert page.status == 200, page.body
        form = Form(page.body.decode())
        filled = {**form.fields, "username": operator.username, "password": operator.password}
        sent = _post(urljoin(self.config["login_url"] + "/", form.action), filled)
        assert sent.status == 302, sent.body[-500:]
        return sent.headers["Location"]

    def page(self, verifier: str, **changed: str) -> Answer:
        """The login's page."""
        asked = {
            "response_type": "code",
            "client_id": self.config["client_id"],
            "redirect_uri": self.url,
            "scope": " ".join(self.config["scopes"]),
            "code_challenge_method": "S256",
            "code_challenge": challenge(verifier),
            **changed,
        }
        return call("GET", f"{self.config['login_url']}/oauth2/authorize?{urlencode(asked)}")

    def redeem(self, code: str, verifier: str) -> Answer:
        """Tokens for a code."""
        return _post(
            f"{self.config['login_url']}/oauth2/token",
            {
                "grant_type": "authorization_code",
                "client_id": self.config["client_id"],
                "redirect_uri": self.url,
                "code": code,
                "code_verifier": verifier,
            },
        )

    def access_token(self, operator: Operator, **changed: str) -> str:
        """The whole way."""
        verifier = secrets.token_urlsafe(48)
        answer = self.redeem(self.code(operator, verifier, **changed), verifier)
        assert answer.status == 200, answer.body
        token: str = answer.json["access_token"]
        return token

    def asks(self, path: str, token: str | None) -> Answer:
        """What the API says, asked at an address relative to the app's own."""
        return call("GET", urljoin(self.url, path), token=token)


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, unchecked."""
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def _post(url: str, form: dict[str, str]) -> Answer:
    """A form, as a browser sends it; where it leads to is not followed."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request("POST", parts.path, urlencode(form).encode(), FORM)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()
