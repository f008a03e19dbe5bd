"""Every route of the deployed templates, and what each kind of caller brings to it.

The routes and their scopes are read from the templates: a new route is in the matrix by itself.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from stacks.services import machine_scopes
from tests.support.drivers.foreign_tokens import Member, customer, once_expired, operator, stranger
from tests.support.drivers.offline import Answer, Deployment, call
from tests.support.drivers.routes import (
    METHOD,
    SCOPES,
    is_answered_by_the_gateway,
    path_of,
    scope_of,
)
from tools.base.assembly import Assembly, service_of
from tools.base.partners_key import key_of_partners
from tools.base.target import OFFLINE
from tools.local import tokens

OPERATORS = "console"
"""The service whose routes have a pool of their own."""
PARTNERS = "partners/"
"""How scopes begin that are for other companies' systems."""


@dataclass(frozen=True, slots=True)
class Route:
    """A method of a path, and what it asks for: a scope, a key, or nothing."""

    service: str
    method: str
    path: str
    scope: str
    keyed: bool

    def __str__(self) -> str:
        return f"{self.service}: {self.method} {self.path}"


def routes(deployment: Deployment) -> list[Route]:
    """All that reach a function, as they were deployed."""
    found = []
    for stack in Assembly(deployment.emulator.workspace.offline_assembly).stacks:
        service, resources = service_of(stack.name, OFFLINE), stack.template["Resources"]
        for it in resources.values():
            if it["Type"] == METHOD and not is_answered_by_the_gateway(it):
                properties = it["Properties"]
                asked = [scope_of(resources, scope) for scope in properties.get(SCOPES, [])]
                found.append(
                    Route(
                        service,
                        properties["HttpMethod"],
                        path_of(resources, it),
                        asked[0] if asked else "",
                        bool(properties.get("ApiKeyRequired")),
                    )
                )
    return sorted(found, key=str)


def is_partners(route: Route) -> bool:
    """Whether it is for other companies' systems."""
    return route.scope.startswith(PARTNERS)


def answer_to(deployment: Deployment, route: Route, headers: Mapping[str, str]) -> Answer:
    """What a caller gets who sends an empty object where a body belongs, and ids of nothing.

    Partners' key is brought where one is asked for, unless ``headers`` have another.
    """
    if is_partners(route):
        headers = {"x-api-key": key_of_partners(deployment.cloud), **headers}
    path = re.sub(r"\{\w+\}", lambda _: str(uuid.uuid4()), route.path)
    body: dict[str, str] | None = None if route.method in ("GET", "HEAD", "DELETE") else {}
    return call(route.method, deployment.url(route.service, path), body=body, headers=headers)


@dataclass
class Callers:
    """Tokens of every kind, each made when it is first wanted."""

    deployment: Deployment
    _kept: dict[tuple[str, ...], str] = field(default_factory=dict)

    def right(self, route: Route) -> str:
        """The route's scope and no other."""
        if is_partners(route):
            return self._machines(route.scope)
        return self._once("right", route.scope, lambda: self._member(route).token(route.scope))

    def wrong_scope(self, route: Route) -> str:
        """Every scope that the app may ask for, but the route's."""
        if is_partners(route):
            return self._machines(*sorted(set(machine_scopes()) - {route.scope}))
        others = self._member(route).scopes - {route.scope}
        return self._once("wrong", route.scope, lambda: self._member(route).token(*sorted(others)))

    def id_token(self, route: Route) -> str:
        """Of the same user in the same pool."""
        return self._once("id", route.service, lambda: self._member(route).id_token())

    def expired(self, route: Route) -> str:
        """One with every scope, too late."""
        return once_expired(self.soon_expired(route))

    def soon_expired(self, route: Route) -> str:
        """The same; who wants it early enough need not wait."""
        member = self._member(route)
        return self._once(
            "expired", member.pool, lambda: member.short_lived(*sorted(member.scopes))
        )

    def another_kind(self, route: Route) -> str:
        """Another company's system where customers are let in, and a customer where those are."""
        if is_partners(route):
            return self._once("customer", "", self.deployment.token)
        return self._machines()

    def _machines(self, *scopes: str) -> str:
        known, wanted = self.deployment, " ".join(scopes)
        return self._once(
            "machine", wanted, lambda: tokens.of_a_machine(known.outputs, known.cloud, wanted)
        )

    def other_pool(self, route: Route) -> str:
        """The same scope by the same name, from a pool that the API does not know."""
        return self._once(
            "other",
            route.scope,
            lambda: stranger(self.deployment, route.scope).of_an_app_with(route.scope),
        )

    def granted_to_oneself(self, route: Route) -> str:
        """A token with the wrong scope, into which its owner has written the right one."""
        header, claims, signature = self.wrong_scope(route).split(".")
        said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return f"{header}.{_encoded({**said, 'scope': route.scope})}.{signature}"

    def signed_by_nobody(self, route: Route) -> str:
        """The right claims, with another signature."""
        header, claims, signature = self.right(route).split(".")
        return f"{header}.{claims}.{signature[::-1]}"

    def without_a_signature(self, route: Route) -> str:
        """The right claims; the header says that no signature is needed."""
        _, claims, _ = self.right(route).split(".")
        return f"{_encoded({'alg': 'none', 'typ': 'JWT'})}.{claims}."

    def _member(self, route: Route) -> Member:
        if route.service == OPERATORS:
            return operator(self.deployment)
        return customer(self.deployment, "matrix")

    def _once(self, kind: str, what: str, make: Callable[[], str]) -> str:
        if (kind, what) not in self._kept:
            self._kept[kind, what] = make()
        return self._kept[kind, what]


REFUSED: Mapping[str, Callable[[Callers, Route], str]] = {
    "no token": lambda _, __: "",
    "an ID token": Callers.id_token,
    "every other scope": Callers.wrong_scope,
    "another kind of caller's token": Callers.another_kind,
    "a scope written in by hand": Callers.granted_to_oneself,
    "another signature": Callers.signed_by_nobody,
    "no signature": Callers.without_a_signature,
    "an expired token": Callers.expired,
    "another pool's token": Callers.other_pool,
}
"""What a caller may bring who is not let in."""


def _encoded(part: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
