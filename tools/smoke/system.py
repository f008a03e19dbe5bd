"""A deployment as the smoke test asks it: its resources, its APIs, and a customer of its own."""

from __future__ import annotations

import json
import secrets
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from stacks.services import declared
from tools.base import code_flow
from tools.base.target import Target

STACKS = {it.name: it for it in declared()}
ORDER = {
    "lines": [{"sku": "TEA-SENCHA", "quantity": 1}],
    "currency": "EUR",
    "ship_to": {"address_id": str(uuid.UUID(int=0)), "country": "DE", "postcode_area": "10"},
}


@dataclass(frozen=True, slots=True)
class Resource:
    """A deployed resource: its logical and its physical id."""

    logical_id: str
    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; ``body`` is parsed if it is JSON."""

    status: int
    type: str
    body: Any


@dataclass
class System:
    """``url`` gives the address of a service's API.

    What the test makes it takes away again in ``clean_up``; its one order is cancelled at once.
    ``name`` is that of all it makes, ``memory`` what one check leaves to another.
    """

    target: Target
    url: Callable[[str], str]
    name: str = field(default_factory=lambda: f"smoke-{uuid.uuid4()}")
    began: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(seconds=5))
    memory: dict[str, str] = field(default_factory=dict)
    _resources: dict[str, list[Resource]] = field(default_factory=dict)
    _undo: list[Callable[[], Any]] = field(default_factory=list)
    _token: str = ""
    _order: str = ""

    def client(self, service: str) -> Any:
        """A client of AWS or of the emulator."""
        return self.target.client(service)

    def resources(self, service: str, type: str) -> list[Resource]:
        """What a service's stack has of a type, such as ``AWS::SQS::Queue``.

        Nothing where there is no such stack: a partition without user pools has no ``identity``.
        """
        if service not in self._resources:
            self._resources[service] = list(self._listed(service))
        return [it for it in self._resources[service] if it.type == type]

    def _listed(self, service: str) -> Iterator[Resource]:
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        stack = STACKS[service].stack_name(self.target.environment)
        try:
            for page in pages.paginate(StackName=stack):
                for it in page["StackResourceSummaries"]:
                    if id := it.get("PhysicalResourceId"):
                        yield Resource(it["LogicalResourceId"], it["ResourceType"], id)
        except ClientError as error:
            if "does not exist" not in str(error):
                raise

    def one(self, service: str, type: str, id: str = "") -> str:
        """The physical id of the first such resource whose logical id begins so."""
        for found in self.resources(service, type):
            if found.logical_id.startswith(id):
                return found.id
        raise LookupError(f"{service} has no {type} {id}".rstrip())

    def everywhere(self, type: str) -> list[Resource]:
        """Every service's resources of a type."""
        return [it for service in STACKS for it in self.resources(service, type)]

    def call(
        self,
        method: str,
        service: str,
        path: str,
        *,
        token: str = "",
        body: Any = None,
        key: str = "",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request to a service's API; ``key`` makes repetitions the same command."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if key:
            sent["Idempotency-Key"] = key
        data = None if body is None else json.dumps(body).encode()
        url = self.url(service).rstrip("/") + path
        request = urllib.request.Request(url, data, sent, method=method)
        try:
            with self._opener().open(request, timeout=30) as response:
                return _answer(response.status, response)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return _answer(refusal.code, refusal)

    def token(self) -> str:
        """An access token of a customer who is made for this test, and logs in as customers do.

        Raises:
            TokenError: the login does not let the customer in.
        """
        if not self._token:
            cognito = self.client("cognito-idp")
            pool = self.target.find("identity", "user-pool-arn").rpartition("/")[2]
            client = self.target.find("identity", "web-client-name")
            app = cognito.describe_user_pool_client(UserPoolId=pool, ClientId=client)
            app = app["UserPoolClient"]
            url = self.target.find("identity", "login-url")
            scopes = app["AllowedOAuthScopes"]
            self._token = self.logged_in(pool, url, client, app["CallbackURLs"][0], scopes)
        return self._token

    def logged_in(
        self, pool: str, login_url: str, client: str, back: str, scopes: Iterable[str]
    ) -> str:
        """An access token of a user who is made for this test, and logs in as the pool's users do.

        Raises:
            TokenError: the login does not let the user in.
        """
        cognito, password = self.client("cognito-idp"), f"{secrets.token_urlsafe(24)}-aA1"
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=self.name,
            TemporaryPassword=password,
            MessageAction="SUPPRESS",
        )
        self.undo_later(lambda: cognito.admin_delete_user(UserPoolId=pool, Username=self.name))
        cognito.admin_set_user_password(
            UserPoolId=pool, Username=self.name, Password=password, Permanent=True
        )
        login = code_flow.Login(login_url, client, back, self.as_a_browser)
        return login.access_token(self.name, password, " ".join(scopes))

    def order(self) -> str:
        """The id of an order that is placed, and cancelled at once.

        Raises:
            LookupError: it was not accepted.
        """
        if not self._order:
            placed = self.call(
                "POST", "orders", "/v1/orders", token=self.token(), body=ORDER, key=self.name
            )
            if placed.status != 202:
                raise LookupError(f"the order was answered with {placed.status}: {placed.body}")
            self._order = placed.body["order_id"]
            self.call(
                "POST",
                "orders",
                f"/v1/orders/{self._order}/cancellation",
                token=self.token(),
                body={"reason": "changed_mind"},
                key=f"{self.name}-cancel",
            )
        return self._order

    def undo_later(self, undo: Callable[[], Any]) -> None:
        """What to do in the end, whatever happens."""
        self._undo.append(undo)

    def clean_up(self) -> list[str]:
        """Take away what was made, the last first; what could not be taken away."""
        left = []
        while self._undo:
            undo = self._undo.pop()
            for pause in (0.5, 2, 0):
                try:
                    undo()
                    break
                except ClientError as error:
                    if not pause:
                        left.append(str(error))
                    time.sleep(pause)
        return left

    def as_a_browser(
        self, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> code_flow.Answer:
        """One request, whose redirect is looked at and not followed."""
        request = urllib.request.Request(url, body, dict(headers))
        try:
            with self._opener(_Stay()).open(request, timeout=30) as response:
                return code_flow.answer_of(url, response)
        except urllib.error.HTTPError as other:  # a redirect, too
            with other:
                return code_flow.answer_of(url, other)

    def _opener(self, *handlers: urllib.request.BaseHandler) -> urllib.request.OpenerDirector:
        """Nothing that is local goes through a proxy."""
        if self.target.is_offline:
            handlers = (*handlers, urllib.request.ProxyHandler({}))
        return urllib.request.build_opener(*handlers)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Where the login sends the app is looked at, not gone to."""


def _answer(status: int, response: Any) -> Answer:
    body: Any = response.read()
    with suppress(ValueError):
        body = json.loads(body)
    return Answer(status, response.headers.get_content_type(), body)
