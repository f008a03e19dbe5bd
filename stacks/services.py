"""Which services there are, and what each says of itself: read from the stacks without the CDK.

A module of this folder that holds ``SERVICE = Service(...)`` is a service's stack, and named after
it. The arguments are literals, so that a tool reads them all in two milliseconds, where the CDK
alone takes half a second to import.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from contracts.product import PRODUCT

HERE = Path(__file__).parent
_STATEMENT = re.compile(r"^SERVICE = .*?\)$", re.MULTILINE | re.DOTALL)
"""From the name to the first line that ends with a parenthesis: arguments end with a comma."""

LONGEST_ROLE_NAME = 64
"""Characters that IAM takes."""
_DIGEST = 6
_SCOPE = re.compile(r"[a-z][a-z0-9-]*/[a-z][a-z0-9-]*")

OWN = (
    "stacks/{package}.py",
    "stacks/{package}_*.py",
    "lambdas/{package}/",
    "lambdas/{package}_language/",
    "config/*/{name}.json",
    "config/schemas/{name}.*",
    "contracts/apis/{name}.yaml",
    "contracts/openapi/{name}.json",
    "contracts/released/openapi/{name}.json",
    "tests/unit/{package}/",
    "tests/*/test_{package}.py",
    "tests/*/test_{package}_*.py",
)
"""Patterns of what is a service's own by its name: what its team reviews, and what goes with it."""


class NotDeclared(Exception):
    """A declaration cannot be read; the message says where and what it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a service's stack does not say by what it makes.

    ``name`` is that of its parameters and roles, ``owner`` the team that its tags name, ``purpose``
    what it does, in a few words. ``views`` are read models that operators can rebuild,
    ``consumers`` what else follows the log and parks; both by the names that operators know.
    ``also_owns`` are patterns of files that are its own by no rule. Of what is
    ``of_every_environment`` an account and a region have one: it has no environment in its name,
    is made alike by all of them, and can only be deleted by hand. What is ``optional`` is deployed
    only where the context asks for it.

    ``scopes`` are what routes ask of customers' tokens, such as ``orders/read``, each with what a
    customer lets an app do by it; ``machine_scopes`` are asked of tokens of other companies'
    systems, ``operator_scopes`` of operators', in the console's own pool. A service may ask for
    scopes that another one declares.

    What it reads of others, takes in and says is not declared: stack and contracts have it.
    """

    name: str
    owner: str
    purpose: str
    views: tuple[str, ...] = ()
    consumers: tuple[str, ...] = ()
    also_owns: tuple[str, ...] = ()
    of_every_environment: bool = False
    optional: bool = False
    scopes: Mapping[str, str] = field(default_factory=dict, hash=False)
    machine_scopes: Mapping[str, str] = field(default_factory=dict, hash=False)
    operator_scopes: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def package(self) -> str:
        """The name of its modules: of the stack, of the functions' package, of the tests."""
        return self.name.replace("-", "_")

    def stack_name(self, environment: str) -> str:
        """What its stack is called in an environment."""
        if self.of_every_environment:
            return f"{PRODUCT}-{self.name}"
        return f"{PRODUCT}-{environment}-{self.name}"

    def parameter_of(self, consumer: str, resource: str) -> str:
        """What the stack publishes for a consumer, such as ``redrive-arn``.

        The first one has the plain name. A further one is called after its prefix in the stack:
        ``returns`` has ``returns-redrive-arn``.
        """
        first = (*self.views, *self.consumers)[0]
        return resource if consumer == first else f"{consumer}-{resource}"


@cache
def declared(folder: Path = HERE) -> tuple[Service, ...]:
    """Every service, by name.

    Raises:
        NotDeclared: a declaration is not literal, or its module has another name.
    """
    found = (_declaration(file) for file in sorted(folder.glob("*.py")))
    return tuple(it for it in found if it)


def shortened(role_name: str) -> str:
    """A role's name as IAM takes it: what is longer ends in a digest of all of it."""
    if len(role_name) <= LONGEST_ROLE_NAME:
        return role_name
    assert "*" not in role_name, f"{role_name} is a pattern, of which nothing can be cut off"
    digest = hashlib.sha256(role_name.encode()).hexdigest()[:_DIGEST]
    return f"{role_name[: LONGEST_ROLE_NAME - 1 - _DIGEST]}-{digest}"


def views() -> dict[str, Service]:
    """Who owns each read model that operators can rebuild, by the view's name."""
    return {view: it for it in declared() for view in it.views}


def consumers() -> dict[str, Service]:
    """Who owns each consumer of the log that parks records, by the consumer's name."""
    return views() | {name: it for it in declared() for name in it.consumers}


def scopes() -> dict[str, str]:
    """What customers' apps may ask for, and what it lets them do."""
    return {scope: what for it in declared() for scope, what in it.scopes.items()}


def machine_scopes() -> dict[str, str]:
    """What other companies' systems may ask for, and what it lets them do."""
    return {scope: what for it in declared() for scope, what in it.machine_scopes.items()}


def operator_scopes() -> dict[str, str]:
    """What operators' app may ask for, and what it lets it do."""
    return {scope: what for it in declared() for scope, what in it.operator_scopes.items()}


def _declaration(file: Path) -> Service | None:
    return declaration_in(file, file.read_text("utf-8"))


def declaration_in(file: Path, text: str) -> Service | None:
    """What a module of this text declares, if it does; it need not be there any more.

    Only the statement itself is parsed: all of a stack would take ten times as long.

    Raises:
        NotDeclared: the declaration is not literal, or the module has another name.
    """
    statement = _STATEMENT.search(text)
    if statement is None:
        return None
    try:
        [parsed] = ast.parse(statement[0]).body
    except (SyntaxError, ValueError):
        parsed = ast.Pass()
    match parsed:
        case ast.Assign(value=ast.Call(func=ast.Name("Service"), args=[], keywords=keywords)):
            return _read(file, keywords)
    raise NotDeclared(f"{file.name}: SERVICE must be Service(...) itself, and end its line")


def _read(file: Path, keywords: list[ast.keyword]) -> Service:
    try:
        service = Service(**{str(it.arg): ast.literal_eval(it.value) for it in keywords})
    except (ValueError, TypeError) as error:
        raise NotDeclared(
            f"{file.name}: the arguments of SERVICE must be literals, without which no tool can "
            f"read them: {error}"
        ) from error
    for scope in (*service.scopes, *service.machine_scopes, *service.operator_scopes):
        if not _SCOPE.fullmatch(scope):
            raise NotDeclared(f"{file.name}: a scope is written like orders/read, not {scope!r}")
    if service.package != file.stem:
        raise NotDeclared(f"{file.name}: {service.name} is declared in {service.package}.py")
    return service
