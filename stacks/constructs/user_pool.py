"""A user pool whose users have names and passwords, made by somebody who may; and its login."""

from collections.abc import Iterable, Mapping

from aws_cdk import Duration, Fn, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk.region_info import RegionInfo
from constructs import Construct

from stacks.partitions import login_domain
from stacks.stage import Stage


def user_pool(scope: Construct, id: str, stage: Stage, *, mfa: cognito.Mfa) -> cognito.UserPool:
    """Nobody signs up by themselves or recovers an account; a second factor is an app, no text."""
    return cognito.UserPool(
        scope,
        id,
        sign_in_aliases=cognito.SignInAliases(username=True),
        self_sign_up_enabled=False,
        account_recovery=cognito.AccountRecovery.NONE,
        password_policy=cognito.PasswordPolicy(
            min_length=14,
            require_digits=True,
            require_lowercase=True,
            require_uppercase=True,
            require_symbols=True,
        ),
        mfa=mfa,
        mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
        removal_policy=stage.removal_policy,
        deletion_protection=stage.protected,
    )


def add_scopes(
    pool: cognito.UserPool, id: str, server: str, what: Mapping[str, str]
) -> dict[str, cognito.OAuthScope]:
    """A resource server of the pool, and its scopes by name.

    ``what`` says for each name, such as ``read``, what somebody lets an app do by it.
    """
    scopes = {
        name: cognito.ResourceServerScope(scope_name=name, scope_description=description)
        for name, description in what.items()
    }
    made = pool.add_resource_server(id, identifier=server, scopes=list(scopes.values()))
    return {name: cognito.OAuthScope.resource_server(made, scope) for name, scope in scopes.items()}


def add_app(
    pool: cognito.UserPool,
    id: str,
    scopes: Iterable[cognito.OAuthScope],
    *,
    urls: list[str],
    session: Duration,
) -> cognito.UserPoolClient:
    """A client for an app in a browser: users log in on the login's own pages, by code with PKCE.

    The app gets access tokens with these scopes for an hour each, and new ones for as long as
    ``session``. It gets no ID token, and no API takes a password.
    """
    client = pool.add_client(
        id,
        generate_secret=False,  # a browser keeps none: PKCE takes its place
        o_auth=cognito.OAuthSettings(
            flows=cognito.OAuthFlows(authorization_code_grant=True),
            # Not openid: no app needs a token that says who somebody is.
            scopes=list(scopes),
            callback_urls=urls,
            logout_urls=urls,
        ),
        supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
        access_token_validity=Duration.hours(1),
        id_token_validity=Duration.hours(1),
        refresh_token_validity=session,
        enable_token_revocation=True,
        prevent_user_existence_errors=True,
    )
    resource = client.node.default_child
    assert isinstance(resource, cognito.CfnUserPoolClient)
    # Passwords are for the login's pages alone: no API takes them.
    resource.explicit_auth_flows = ["ALLOW_REFRESH_TOKEN_AUTH"]
    return client


def open_login(scope: Construct, id: str, pool: cognito.UserPool, prefix: str) -> str:
    """Serve the pool's login, and return its address.

    The prefix is taken once in a region, by whatever account: so it should name the account.
    """
    region = Stack.of(scope).region
    domain = cognito.CfnUserPoolDomain(scope, id, user_pool_id=pool.user_pool_id, domain=prefix)
    partition = RegionInfo.get(region).partition
    assert partition, f"{region} is in no partition, which the stage has looked at"
    return Fn.join("", ["https://", domain.ref, login_domain(region, partition)])
