"""A user pool whose users have names and passwords, made by somebody who may."""

from aws_cdk import aws_cognito as cognito
from constructs import Construct

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
