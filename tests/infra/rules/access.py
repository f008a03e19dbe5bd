"""Which tokens open what: each route has a scope, and each client the scopes of its kind."""

from collections.abc import Iterator

from tests.infra.rules import Rule
from tests.infra.system import Resource, System
from tests.support.drivers.routes import (
    METHOD,
    SCOPES,
    SERVER,
    is_answered_by_the_gateway,
    path_of,
    scope_of,
)

CLIENT, POOL = "AWS::Cognito::UserPoolClient", "AWS::Cognito::UserPool"
OPEN = {("console", method, path) for method in ("GET", "HEAD") for path in ("/", "/{file}")}
"""The console's files, which come before the login."""
KEYED = {("shipping", "POST", "/v1/carriers/{carrier}/tracking")}
"""The carriers' webhook, which asks for a key."""
PLAN, PLAN_KEY = "AWS::ApiGateway::UsagePlan", "AWS::ApiGateway::UsagePlanKey"
FOR_PARTNERS = "/partner-"
"""How paths name what is for other companies' systems."""
CODE, MACHINES = ["code"], ["client_credentials"]
REFRESH_ONLY = ["ALLOW_REFRESH_TOKEN_AUTH"]
OPERATORS = "console/"
OWN_CLIENT = "OWN_CLIENT_ID"


def every_route_asks_for_a_scope(system: System) -> Iterator[str]:
    """A method without one takes ID tokens, which say who somebody is and not what an app may.

    Where AWS has no user pools, the company's own authorizer decides.
    """
    pools = any(system.resources(POOL))
    known = {scope for server in system.resources(SERVER) for scope in scopes_of(server)}
    for method in system.resources(METHOD):
        route = route_of(method)
        asks = method.properties.get("AuthorizationType")
        scopes = scopes_asked(method)
        if is_answered_by_the_gateway(method.body) or route in OPEN:
            continue  # what the gateway answers by itself leads to nothing
        if route in KEYED:
            if method.properties.get("ApiKeyRequired") is not True:
                yield f"{method} asks for no key"
        elif not pools:
            if asks != "CUSTOM":
                yield f"{method} asks for no token"
        elif asks != "COGNITO_USER_POOLS" or not scopes:
            yield f"{method} asks for no scope"
        elif unknown := scopes - known:
            yield f"{method} asks for {', '.join(sorted(unknown))}, which no pool has"


def partners_bring_a_key_besides(system: System) -> Iterator[str]:
    """The token says which system calls; the key, how much of an API it may use up."""
    for method in system.resources(METHOD):
        route = route_of(method)
        keyed = method.properties.get("ApiKeyRequired") is True
        theirs = FOR_PARTNERS in route[2] and not is_answered_by_the_gateway(method.body)
        if theirs and not keyed:
            yield f"{method} asks partners for no key"
        if keyed and not theirs and route not in KEYED:
            yield f"{method} asks for a key, which no customer has"


def who_has_a_key_has_limits(system: System) -> Iterator[str]:
    """A key that is in no plan opens nothing, and a plan without limits is none."""
    for template in system.templates.values():
        asking = {
            it.properties["RestApiId"]["Ref"]
            for it in template.resources(METHOD)
            if it.properties.get("ApiKeyRequired") is True
        }
        held = {it.properties["UsagePlanId"]["Ref"] for it in template.resources(PLAN_KEY)}
        planned = set()
        for plan in template.resources(PLAN):
            planned |= {it["ApiId"]["Ref"] for it in plan.properties["ApiStages"]}
            if plan.id not in held:
                yield f"{plan} is nobody's"
            if not (plan.properties.get("Throttle") and plan.properties.get("Quota")):
                yield f"{plan} has no limits"
        if asking - planned:
            yield f"{template.service} asks for keys, and has no plan for one"


def what_changes_something_takes_no_scope_to_read(system: System) -> Iterator[str]:
    """Who may look must not change anything, and needs no right to change for looking."""
    for method in system.resources(METHOD):
        reads = method.properties["HttpMethod"] in ("GET", "HEAD")
        for scope in sorted(scopes_asked(method)):
            if not reads and scope.endswith("/read"):
                yield f"{method} changes something, and takes {scope}"
            if reads and scope.endswith(("/write", "/operate")):
                yield f"{method} only looks, and asks for {scope}"


def apps_get_access_tokens_with_scopes_of_ours_alone(system: System) -> Iterator[str]:
    """No ID token, no right on the user's own record, no password but on the login's pages."""
    for client in system.resources(CLIENT):
        granted = scopes_granted(client)
        flows = client.properties.get("AllowedOAuthFlows")
        if flows not in (CODE, MACHINES):
            yield f"{client} has the flows {flows}"
        if foreign := sorted(it for it in granted if "/" not in it):
            yield f"{client} may ask for {', '.join(foreign)}"
        if client.properties.get("ExplicitAuthFlows") != REFRESH_ONLY:
            yield f"{client} takes passwords from others than the login's pages"
        if flows == CODE and client.properties.get("GenerateSecret"):
            yield f"{client} is for browsers, and has a secret that they would have to keep"
        for url in client.properties.get("CallbackURLs", []):
            address = client.text(url)
            local = system.environment == "dev" and address.startswith("http://localhost:")
            if not (local or address.startswith("https://")):
                yield f"{client} sends codes to {address}"


def machines_and_operators_have_scopes_of_their_own(system: System) -> Iterator[str]:
    """A client gets its scopes for whoever uses it: so kinds of users share no scope."""
    by_kind: dict[str, set[str]] = {"customers": set(), "operators": set(), "machines": set()}
    for client in system.resources(CLIENT):
        if client.properties.get("AllowedOAuthFlows") == MACHINES:
            kind = "machines"
            if client.properties.get("GenerateSecret") is not True:
                yield f"{client} is a machine's, and has no secret"
        else:
            kind = "operators" if client.template.service == "console" else "customers"
        by_kind[kind] |= scopes_granted(client)
    for kind, scopes in by_kind.items():
        others = set().union(*(it for name, it in by_kind.items() if name != kind))
        for scope in sorted(scopes & others):
            yield f"{system.environment}: {kind} share {scope} with others"
        for scope in sorted(it for it in scopes if it.startswith(OPERATORS)):
            if kind != "operators":
                yield f"{system.environment}: {kind} may ask for {scope}"
    for kind in ("customers", "operators"):
        if any(system.resources(POOL)) and not by_kind[kind]:
            yield f"{system.environment}: {kind} have no client"


def traces_go_on_for_our_own_client_alone(system: System) -> Iterator[str]:
    """Who is named there chooses trace ids and what is sampled: the service for partners.

    It is asked for on its own routes, where a pool judges tokens.
    """
    machines = [
        it for it in system.resources(CLIENT) if it.properties.get("AllowedOAuthFlows") == MACHINES
    ]
    told = set()
    for function in system.resources("AWS::Lambda::Function"):
        variables = function.properties.get("Environment", {}).get("Variables", {})
        if (named := variables.get(OWN_CLIENT)) is None:
            continue
        told.add(function.template.service)
        text = function.text(named)
        if not any(it.is_in(text) for it in machines):
            yield f"{function} goes on with traces of {text or 'nobody'}"
    theirs = {
        it.template.service
        for it in system.resources(METHOD)
        if FOR_PARTNERS in route_of(it)[2] and not is_answered_by_the_gateway(it.body)
    }
    for service in sorted(theirs - told if machines else ()):
        yield f"{system.environment} {service} begins a trace for each request of partners"
    for service in sorted(told - theirs):
        yield f"{system.environment} {service} has no route of partners, and goes on with traces"


def route_of(method: Resource) -> tuple[str, str, str]:
    """Service, method and path, such as ``("orders", "GET", "/v1/orders/{order_id}")``."""
    path = path_of(method.template.body["Resources"], method.body)
    return method.template.service, method.properties["HttpMethod"], path


def scopes_asked(method: Resource) -> set[str]:
    """What a token must have one of."""
    resources = method.template.body["Resources"]
    return {scope_of(resources, it) for it in method.properties.get(SCOPES, [])}


def scopes_of(server: Resource) -> Iterator[str]:
    """A resource server's scopes with its name before them, such as ``orders/read``."""
    for scope in server.properties.get("Scopes", []):
        yield f"{server.properties['Identifier']}/{scope['ScopeName']}"


def scopes_granted(client: Resource) -> set[str]:
    """What a client may ask for."""
    resources = client.template.body["Resources"]
    return {scope_of(resources, it) for it in client.properties.get("AllowedOAuthScopes", [])}


RULES: tuple[Rule, ...] = (
    every_route_asks_for_a_scope,
    partners_bring_a_key_besides,
    who_has_a_key_has_limits,
    what_changes_something_takes_no_scope_to_read,
    apps_get_access_tokens_with_scopes_of_ours_alone,
    machines_and_operators_have_scopes_of_their_own,
    traces_go_on_for_our_own_client_alone,
)
