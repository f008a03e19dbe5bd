"""Checks of the way into the console: the operators' login, and the way out of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from tools.smoke.check import Check, Failed, NotAsked
from tools.smoke.system import System

STACK = "console"


def _app(system: System) -> Any:
    """What the app's own address tells it of the login. Raises NotAsked, Failed."""
    if not system.resources(STACK, "AWS::Cognito::UserPool"):
        raise NotAsked("this partition has no user pools, and so no console")
    answer = system.call("GET", STACK, "/config.json")
    if answer.status != 200 or not isinstance(answer.body, dict):
        raise Failed(f"GET /config.json is answered with {answer.status}: {answer.body}")
    return answer.body


def the_console_lets_operators_in(system: System) -> str:
    """Nobody without a token; an operator who was made for this test, unless a second factor is
    asked for: then the login's page is as far as it goes.
    """
    app = _app(system)
    refused = system.call("GET", STACK, "/v1/pulse")
    if refused.status != 401:
        raise Failed(f"GET /v1/pulse without a token is answered with {refused.status}, not 401")
    cognito = system.client("cognito-idp")
    pool = system.target.find(STACK, "operators-pool-name")
    client = cognito.describe_user_pool_client(UserPoolId=pool, ClientId=app["client_id"])
    back = client["UserPoolClient"]["CallbackURLs"][0]
    if cognito.describe_user_pool(UserPoolId=pool)["UserPool"].get("MfaConfiguration") == "ON":
        asked = {"response_type": "code", "client_id": app["client_id"], "redirect_uri": back}
        page = system.as_a_browser(f"{app['login_url']}/login?{urlencode(asked)}", None, {})
        if page.status != 200:
            raise Failed(f"the login's page is answered with {page.status}")
        return "the login's page: a second factor is a person's"
    token = system.logged_in(pool, app["login_url"], app["client_id"], back, app["scopes"])
    answer = system.call("GET", STACK, "/v1/pulse", token=token)
    if answer.status != 200:
        raise Failed(f"GET /v1/pulse is answered with {answer.status}: {answer.body}")
    return "401 without a token, 200 with one"


def the_console_lets_operators_out(system: System) -> str:
    """The login leads back to the app, and to nobody else."""
    app = _app(system)
    pool = system.target.find(STACK, "operators-pool-name")
    client = system.client("cognito-idp").describe_user_pool_client(
        UserPoolId=pool, ClientId=app["client_id"]
    )
    back = client["UserPoolClient"]["LogoutURLs"][0]
    for address, own in ((back, True), ("https://elsewhere.example/", False)):
        asked = urlencode({"client_id": app["client_id"], "logout_uri": address})
        answer = system.as_a_browser(f"{app['login_url']}/logout?{asked}", None, {})
        if (answer.status == 302 and answer.location == address) != own:
            raise Failed(f"a logout to {address} is answered with {answer.status}")
    return f"back to {back}"


CHECKS = (
    Check(
        "the console lets operators in",
        "the operators' login, its address, and the gateway's authorizer for its tokens",
        the_console_lets_operators_in,
    ),
    Check(
        "the console lets operators out",
        "the login's logout knows the app's address",
        the_console_lets_operators_out,
    ),
)
