"""Logs a user in as an app does: authorization code with PKCE, through the login's own pages.

There is no other way to a token with a scope of ours: what Cognito gives for a password directly
has none. The pages are filled in as a person would, on the emulator and on AWS.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from tools.base.endpoint import assert_loopback
from tools.base.errors import TokenError

MOST_STEPS = 6
"""From one address of the login to the next, before somebody goes round in circles."""
LARGEST_PAGE = 1_000_000
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Form(HTMLParser):
    """The first form of a page: where it goes, and what the page's fields hold."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form" and not self.action:
            self.action = found.get("action") or ""
        if tag == "input" and (name := found.get("name")):
            self.fields[name] = found.get("value") or ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the login says; ``location`` is where it sends a browser, ``cookies`` what it sets."""

    url: str
    status: int
    location: str
    cookies: tuple[str, ...]
    body: str


Send = Callable[[str, bytes | None, Mapping[str, str]], Answer]
"""One request, a POST if it has a body; redirects are not followed, and no status is an error.

Raises OSError: nobody answers.
"""


def directly(url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
    """One request to this machine, which knows no proxy.

    Raises:
        NotLoopbackError: the address is another machine's.
        OSError: nobody answers.
    """
    assert_loopback(url)
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request("POST" if body else "GET", target, body, dict(headers))
        return answer_of(url, connection.getresponse())
    finally:
        connection.close()


def answer_of(url: str, response: Any) -> Answer:
    """What ``http.client`` and ``urllib`` call a response."""
    headers = response.headers
    return Answer(
        url,
        response.status,
        headers.get("Location", ""),
        tuple(headers.get_all("Set-Cookie", [])),
        response.read(LARGEST_PAGE).decode("utf-8", "replace"),
    )


@dataclass(frozen=True)
class Login:
    """A pool's login at ``url``, as the app with ``client_id`` uses it.

    ``redirect_uri`` is where it sends who has logged in; nobody is sent there: the code is in the
    address. The login knows by a cookie that a form that is sent is the one that it showed.
    """

    url: str
    client_id: str
    redirect_uri: str
    send: Send = directly
    _cookies: SimpleCookie = field(default_factory=SimpleCookie, repr=False, compare=False)

    def access_token(self, username: str, password: str, scopes: str) -> str:
        """A token for a user; ``scopes`` are separated by spaces, and the app's client has them.

        Raises:
            TokenError: the login refuses the user, the scopes or the app, or is not there.
        """
        verifier = secrets.token_urlsafe(48)
        answer = self._send(
            f"{self.url}/oauth2/token",
            {
                "grant_type": "authorization_code",
                "client_id": self.client_id,
                "redirect_uri": self.redirect_uri,
                "code": self._code(username, password, scopes, verifier),
                "code_verifier": verifier,
            },
        )
        return _token_in(answer)

    def _code(self, username: str, password: str, scopes: str, verifier: str) -> str:
        state = secrets.token_urlsafe(16)
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": scopes,
            "state": state,
            "code_challenge_method": "S256",
            "code_challenge": challenge(verifier),
        }
        page = self._arrive(f"{self.url}/oauth2/authorize?{urlencode(asked)}")
        form = Form(page.body)
        if form.action:
            filled = {**form.fields, "username": username, "password": password}
            page = self._arrive(urljoin(page.url, form.action), filled)
        found = {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
        if found.get("state") != state or "code" not in found:
            why = found.get("error_description") or f"status {page.status}"
            raise TokenError(f"{username} could not log in at {self.url}: {why}")
        return found["code"]

    def _arrive(self, url: str, form: dict[str, str] | None = None) -> Answer:
        """Where the login leads: a page of its own, or the app's address with what it is told."""
        answer = self._send(url, form)
        for _ in range(MOST_STEPS):
            if answer.status not in (301, 302, 303, 307):
                return answer
            location = urljoin(answer.url, answer.location)
            if location.startswith(f"{self.redirect_uri}?"):
                return replace(answer, url=location, body="")
            if urlsplit(location)[:2] != urlsplit(self.url)[:2]:
                raise TokenError(f"the login at {self.url} sends its users to {location[:200]}")
            answer = self._send(location)
        raise TokenError(f"the login at {self.url} goes round in circles")

    def _send(self, url: str, form: dict[str, str] | None = None) -> Answer:
        body = None if form is None else urlencode(form).encode()
        kept = "; ".join(f"{name}={it.coded_value}" for name, it in self._cookies.items())
        headers = {**(_FORM if body else {}), **({"Cookie": kept} if kept else {})}
        try:
            answer = self.send(url, body, headers)
        except OSError as error:
            raise TokenError(f"the login at {self.url} does not answer: {error}") from error
        with suppress(CookieError):  # one that is damaged is none
            for cookie in answer.cookies:
                self._cookies.load(cookie)
        return answer


def machine_token(
    url: str, client_id: str, secret: str, scopes: str = "", send: Send = directly
) -> str:
    """A token for a system that has a client of its own, with all the scopes of that client.

    ``scopes``, separated by spaces, are all that is asked for if they are named.

    Raises:
        TokenError: the login does not take the client or its secret, or grants no such scope.
    """
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    if scopes:
        form["scope"] = scopes
    login = Login(url, client_id, "", send)
    return _token_in(login._send(f"{url}/oauth2/token", form))


def challenge(verifier: str) -> str:
    """What stands for a verifier until it is shown (RFC 7636)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _token_in(answer: Answer) -> str:
    try:
        token: str = json.loads(answer.body)["access_token"]
    except (ValueError, KeyError, TypeError) as error:
        raise TokenError(
            f"{answer.url} gives no token: status {answer.status}, {answer.body[:200]}"
        ) from error
    return token
