"""Faults for the rules of access: a route or a client that opens more than it should."""

from collections.abc import Callable

from tests.infra.planted_faults import FUNCTION, Plant, body, set_property, set_variable
from tests.infra.rules import Rule, access
from tests.infra.system import System
from tests.support.drivers.routes import METHOD

CLIENT = access.CLIENT
GET_ORDER = "Apiv1ordersorderidGET"
PLACE_ORDER, PLACE_PARTNER_ORDER = "Apiv1ordersPOST", "Apiv1partnerordersPOST"
PARTNERS_ORDER = "PlacePartnerOrder"
WEB, MACHINE = "UsersWebClient", "UsersMachineClient"


def grant_more(service: str, client: str, *scopes: str) -> Plant:
    """Let a client ask for more scopes."""

    def plant(system: System) -> None:
        asked = body(system, service, CLIENT, client)["Properties"]["AllowedOAuthScopes"]
        asked.extend(scopes)

    return plant


def take_the_key_away(system: System) -> None:
    """Let everybody report on parcels."""
    for resource in system.templates["shipping"].body["Resources"].values():
        if resource["Type"] == METHOD:
            resource["Properties"]["ApiKeyRequired"] = False


def take_the_keys_out(system: System) -> None:
    """A plan of order views that nobody has."""
    take_away(system, "order-views", access.PLAN_KEY)


def take_the_plan_away(system: System) -> None:
    """Order views asks for keys, and none of them opens it."""
    take_away(system, "order-views", access.PLAN_KEY, access.PLAN)


def take_away(system: System, service: str, *types: str) -> None:
    """All of these types that a service has."""
    resources = system.templates[service].body["Resources"]
    for id in [id for id, it in resources.items() if it["Type"] in types]:
        del resources[id]


def forget_our_client(system: System) -> None:
    """No function of orders is told which client is ours."""
    for resource in system.templates["orders"].body["Resources"].values():
        if resource["Type"] == FUNCTION:
            variables = resource["Properties"].get("Environment", {}).get("Variables", {})
            variables.pop(access.OWN_CLIENT, None)


PLANTED: tuple[tuple[Rule, str, Callable[[System], None]], ...] = (
    (
        access.traces_go_on_for_our_own_client_alone,
        "a client that customers' apps have",
        set_variable("orders", access.OWN_CLIENT, "{identity:UsersWebClient}", PARTNERS_ORDER),
    ),
    (
        access.traces_go_on_for_our_own_client_alone,
        "a client of nobody",
        set_variable("orders", access.OWN_CLIENT, "", PARTNERS_ORDER),
    ),
    (
        access.traces_go_on_for_our_own_client_alone,
        "carriers' reports",
        set_variable("shipping", access.OWN_CLIENT, "{identity:UsersMachineClient}"),
    ),
    (
        access.traces_go_on_for_our_own_client_alone,
        "a partner's order in two traces",
        forget_our_client,
    ),
    (
        access.every_route_asks_for_a_scope,
        "any token of the pool",
        set_property("order-views", METHOD, "AuthorizationScopes", None, GET_ORDER),
    ),
    (
        access.every_route_asks_for_a_scope,
        "an empty list",
        set_property("order-views", METHOD, "AuthorizationScopes", [], GET_ORDER),
    ),
    (
        access.every_route_asks_for_a_scope,
        "anybody",
        set_property("order-views", METHOD, "AuthorizationType", "NONE", GET_ORDER),
    ),
    (
        access.every_route_asks_for_a_scope,
        "a scope that is spelled wrong",
        set_property("order-views", METHOD, "AuthorizationScopes", ["order/read"], GET_ORDER),
    ),
    (access.every_route_asks_for_a_scope, "a webhook without a key", take_the_key_away),
    (
        access.partners_bring_a_key_besides,
        "a token is enough",
        set_property("orders", METHOD, "ApiKeyRequired", None, PLACE_PARTNER_ORDER),
    ),
    (
        access.partners_bring_a_key_besides,
        "customers need a key",
        set_property("orders", METHOD, "ApiKeyRequired", True, PLACE_ORDER),
    ),
    (
        access.who_has_a_key_has_limits,
        "no quota",
        set_property("customers", access.PLAN, "Quota", None),
    ),
    (
        access.who_has_a_key_has_limits,
        "no rate",
        set_property("shipping", access.PLAN, "Throttle", None),
    ),
    (access.who_has_a_key_has_limits, "a key that is in no plan", take_the_keys_out),
    (access.who_has_a_key_has_limits, "no plan", take_the_plan_away),
    (
        access.what_changes_something_takes_no_scope_to_read,
        "orders are placed by who may look",
        set_property("orders", METHOD, "AuthorizationScopes", ["orders/read"], PLACE_ORDER),
    ),
    (
        access.what_changes_something_takes_no_scope_to_read,
        "who looks needs a right to change",
        set_property("order-views", METHOD, "AuthorizationScopes", ["orders/write"], GET_ORDER),
    ),
    (
        access.apps_get_access_tokens_with_scopes_of_ours_alone,
        "an ID token",
        grant_more("identity", WEB, "openid"),
    ),
    (
        access.apps_get_access_tokens_with_scopes_of_ours_alone,
        "the user's own record",
        grant_more("identity", WEB, "aws.cognito.signin.user.admin"),
    ),
    (
        access.apps_get_access_tokens_with_scopes_of_ours_alone,
        "the implicit flow",
        set_property("identity", CLIENT, "AllowedOAuthFlows", ["code", "implicit"], WEB),
    ),
    (
        access.apps_get_access_tokens_with_scopes_of_ours_alone,
        "passwords",
        set_property("identity", CLIENT, "ExplicitAuthFlows", ["ALLOW_USER_PASSWORD_AUTH"], WEB),
    ),
    (
        access.apps_get_access_tokens_with_scopes_of_ours_alone,
        "a secret in a browser",
        set_property("identity", CLIENT, "GenerateSecret", True, WEB),
    ),
    (
        access.apps_get_access_tokens_with_scopes_of_ours_alone,
        "codes in the clear",
        set_property("identity", CLIENT, "CallbackURLs", ["http://shop.example"], WEB),
    ),
    (
        access.machines_and_operators_have_scopes_of_their_own,
        "a machine places customers' orders",
        grant_more("identity", MACHINE, "orders/write"),
    ),
    (
        access.machines_and_operators_have_scopes_of_their_own,
        "a shopper is an operator",
        grant_more("identity", WEB, "console/operate"),
    ),
    (
        access.machines_and_operators_have_scopes_of_their_own,
        "a machine without a secret",
        set_property("identity", CLIENT, "GenerateSecret", False, MACHINE),
    ),
    (
        access.machines_and_operators_have_scopes_of_their_own,
        "customers have no client",
        set_property("identity", CLIENT, "AllowedOAuthFlows", access.MACHINES, WEB),
    ),
)
