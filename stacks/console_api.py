"""The console's API: the app's files for everybody, all else for operators with a scope."""

from collections.abc import Mapping

from aws_cdk import Size
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_lambda as lambda_

from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.service_api import STAGE, RegionalApi
from stacks.constructs.service_stack import ServiceStack

HEADERS: Mapping[str, str] = {
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Of answers that the gateway makes itself; the functions' own have theirs."""


class ConsoleApi(RegionalApi):
    """``url`` is the app's address, with the slash at its end to which its files are relative."""

    def __init__(self, stack: ServiceStack, *, rate: int, burst: int) -> None:
        super().__init__(
            stack,
            rate=rate,
            burst=burst,
            log_caller={"operator_id": "$context.authorizer.claims.sub"},
            headers=HEADERS,
            compress_from=Size.bytes(1024),
        )
        self._stack = stack
        # Not the API's own attribute, which waits for the stage: the login is made before.
        self.url = (
            f"https://{self.api.rest_api_id}.execute-api.{stack.region}.{stack.url_suffix}/{STAGE}/"
        )

    def admit(self, pool: cognito.IUserPool) -> None:
        """Let operators of this pool call what is routed."""
        self._authorizer = apigateway.CognitoUserPoolsAuthorizer(
            self._stack, "Authorizer", cognito_user_pools=[pool]
        )

    def show_files(self, function: lambda_.Function) -> None:
        """Send ``/`` and each file beside it to a function, whoever asks."""
        added = [
            method
            for path in ("/", "/{file}")
            for method in self._add(
                "GET", path, function, authorization_type=apigateway.AuthorizationType.NONE
            )
        ]
        for each in added:
            acknowledge(
                each,
                "The app's files come before the login: they are the same for everybody and hold "
                "nothing of the system. What they ask for needs an operator's token.",
                "AwsSolutions-APIG4",
                "AwsSolutions-COG4",
            )

    def route(
        self, method: str, path: str, function: lambda_.Function, *, scope: cognito.OAuthScope
    ) -> None:
        """Send a method of a path to a function, if the operator's token has the scope."""
        self._add(
            method,
            path,
            function,
            authorization_type=apigateway.AuthorizationType.COGNITO,
            authorizer=self._authorizer,
            authorization_scopes=[scope.scope_name],
        )
