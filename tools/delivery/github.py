"""For those who deliver by GitHub Actions: a role for each stage that one repository may assume.

GitHub signs whose job it is. The subject is compared whole: another repository, a fork, another
branch and a job without the environment are refused, since the environment itself asks for the
branch and for people's approval.
"""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from contracts.product import PRODUCT, PRODUCT_TITLE
from tools.delivery.places import PRODUCTION, Places, canary_name
from tools.delivery.target import allow_deployment, let_watch

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"


class GitHubStack(Stack):
    """The provider of an account, and the one role that a job of its environment gets."""

    def __init__(self, scope: Construct, stage: str, *, delivered: Places, **kwargs: Any) -> None:
        super().__init__(
            scope,
            f"{PRODUCT}-{stage}-github",
            description=f"{PRODUCT_TITLE}: which jobs of GitHub Actions may deploy to {stage}",
            termination_protection=True,
            **kwargs,
        )
        provider = iam.OidcProviderNative(
            self, "Provider", url=f"https://{ISSUER}", client_ids=[AUDIENCE]
        )
        role = iam.Role(
            self,
            "Role",
            role_name=f"{PRODUCT}-github-{stage}",
            max_session_duration=Duration.hours(2),
            assumed_by=iam.WebIdentityPrincipal(
                provider.oidc_provider_arn,
                {
                    "StringEquals": {
                        f"{ISSUER}:aud": AUDIENCE,
                        f"{ISSUER}:sub": f"repo:{delivered.repository}:environment:{stage}",
                    }
                },
            ),
        )
        allow_deployment(role, self)
        if stage == PRODUCTION:
            let_watch(role, self, canary_name("*"))
