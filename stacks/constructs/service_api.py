"""A service's REST API: a scope on every method, access logs, errors as problem documents."""

import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration, RemovalPolicy, Size
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as wafv2

from contracts.product import PROBLEM_TYPES, PRODUCT
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.alarms import alarm_on
from stacks.constructs.other_methods import BROWSERS, OtherMethods, read_from
from stacks.constructs.service_principal import service_of_this_account
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.shifted_calls import ShiftedCalls
from stacks.services import machine_scopes, scopes

STAGE = "live"
NO_SUCH_RESOURCE = "this API has no resource with this method and path"
"""API Gateway's own words for it are 'Missing Authentication Token', which misleads."""
PROBLEMS = {
    "UNAUTHORIZED": (401, "unauthorized", "The token is missing or not valid"),
    "MISSING_AUTHENTICATION_TOKEN": (404, "no-such-resource", "There is no such resource"),
    "ACCESS_DENIED": (403, "forbidden", "This token may not do that"),
    "INVALID_API_KEY": (403, "refused", "The key is missing or not valid"),
    "INVALID_SIGNATURE": (403, "refused", "The request was refused"),
    "WAF_FILTERED": (403, "refused", "The request was refused"),
    "EXPIRED_TOKEN": (401, "token-expired", "The token has expired"),
    "RESOURCE_NOT_FOUND": (404, "no-such-resource", "There is no such resource"),
    "BAD_REQUEST_BODY": (400, "refused", "The request was refused"),
    "BAD_REQUEST_PARAMETERS": (400, "refused", "The request was refused"),
    "REQUEST_TOO_LARGE": (413, "too-large", "The request is too large"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "unsupported-media-type", "Send application/json"),
    "THROTTLED": (429, "throttled", "Too many requests; try again later"),
    "QUOTA_EXCEEDED": (429, "quota-exceeded", "The quota is used up"),
    "INTEGRATION_TIMEOUT": (504, "timeout", "The service took too long"),
    "INTEGRATION_FAILURE": (504, "unavailable", "The service did not answer"),
    "API_CONFIGURATION_ERROR": (500, "unavailable", "Something broke on our side"),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, "unavailable", "Something broke on our side"),
    "AUTHORIZER_FAILURE": (500, "unavailable", "Something broke on our side"),
    # For what API Gateway has no type of its own yet: a template cannot say their status.
    "DEFAULT_4XX": (None, "refused", "The request was refused"),
    "DEFAULT_5XX": (None, "unavailable", "Something broke on our side"),
}
PARTNERS = "partners"
"""The name of the plan that other companies' systems have."""
THROTTLED = "CallersThrottled"
MOST_THROTTLED = 50
"""Answers of 429 in a minute: who meets a limit once is told so, and comes again."""
ACCESS_LOG = {
    "request_id": "$context.requestId",
    "method": "$context.httpMethod",
    "resource": "$context.resourcePath",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "error": "$context.error.responseType",
}
"""Ids and the resource's template only: no address of a caller, no path with values in it."""


class RegionalApi:
    """What all kinds of API have in common; ``log_caller`` adds who called to the access log.

    ``headers`` are those that the gateway's own answers have besides. Scripts of ``origin`` may
    call it; where that is None, none of another origin may. Answers from so many bytes on as
    ``compress_from`` says are compressed for callers that want it.
    """

    def __init__(
        self,
        stack: ServiceStack,
        *,
        rate: int,
        burst: int,
        log_caller: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        origin: str | None = None,
        compress_from: Size | None = None,
    ) -> None:
        self._stack = stack
        self._others = OtherMethods(headers or {}, origin=origin)
        said = {**BROWSERS, **(headers or {}), **(read_from(origin) if origin else {})}
        self._headers = {name: f"'{value}'" for name, value in said.items()}
        access_log = logs.LogGroup(
            stack,
            "ApiAccessLog",
            retention=stack.stage.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.api = apigateway.RestApi(
            stack,
            "Api",
            rest_api_name=f"{PRODUCT}-{stack.stage.name}-{stack.service}",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            cloud_watch_role=False,
            min_compression_size=compress_from,
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE,
                throttling_rate_limit=rate,
                throttling_burst_limit=burst,
                metrics_enabled=True,
                tracing_enabled=True,
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                access_log_destination=apigateway.LogGroupLogDestination(access_log),
                access_log_format=apigateway.AccessLogFormat.custom(
                    json.dumps({**ACCESS_LOG, **log_caller})
                ),
            ),
        )
        self._end_what_is_logged(stack)
        fails = alarm_on(
            self.api,
            "Fails",
            what="the API answers with errors of ours",
            metric=self.api.metric_server_error(statistic="Sum", period=Duration.minutes(1)),
            more_than=5,
        )
        self._shifted = ShiftedCalls(stack, api_fails=fails) if stack.stage.canary_minutes else None
        self._tell_when_callers_are_throttled(stack, access_log)
        for response_type, (status, kind, title) in PROBLEMS.items():
            self._answer_with_problem(response_type, status, kind, title)
        acknowledge(
            self.api,
            "Handlers parse each request once, and their problem documents name the field that is "
            "wrong; a second validator in the gateway could not, and would drift from the first.",
            "AwsSolutions-APIG2",
        )
        self._stand_behind_the_web_acl(stack)
        stack.publish("api-url", self.api.url)
        stack.comes_after("account")  # by whose role API Gateway writes its logs

    def limit(
        self, id: str, name: str, key: apigateway.IApiKey, *, rate: int, burst: int, per_day: int
    ) -> None:
        """Give who has the key a plan of its own: so much of this API, and no more."""
        plan = self.api.add_usage_plan(
            f"{id}Plan",
            name=f"{PRODUCT}-{self._stack.stage.name}-{self._stack.service}-{name}",
            throttle=apigateway.ThrottleSettings(rate_limit=rate, burst_limit=burst),
            quota=apigateway.QuotaSettings(limit=per_day, period=apigateway.Period.DAY),
            api_stages=[
                apigateway.UsagePlanPerApiStage(api=self.api, stage=self.api.deployment_stage)
            ],
        )
        plan.add_api_key(key)

    def _tell_when_callers_are_throttled(
        self, stack: ServiceStack, access_log: logs.LogGroup
    ) -> None:
        """API Gateway counts answers of 429 with all others of 4xx: its access log tells them."""
        refused = access_log.add_metric_filter(
            "Throttled",
            filter_pattern=logs.FilterPattern.string_value("$.status", "=", "429"),
            metric_namespace=stack.stage.metric_namespace,
            metric_name=f"{stack.service}-{THROTTLED}",
            metric_value="1",
        )
        alarm_on(
            self.api,
            "CallersThrottled",
            what="the API throttles its callers",
            metric=refused.metric(statistic="Sum", period=Duration.minutes(1)),
            more_than=MOST_THROTTLED,
            periods=5,
        )

    def _stand_behind_the_web_acl(self, stack: ServiceStack) -> None:
        if stack.stage.has_web_acl:
            wafv2.CfnWebACLAssociation(
                stack,
                "BehindWebAcl",
                resource_arn=self.api.deployment_stage.stage_arn,
                web_acl_arn=stack.find("edge", "web-acl-arn"),
            )
        else:
            acknowledge(
                self.api,
                "Every method asks who calls and every stage is throttled; a web ACL stands before "
                "staging and prod, and would cost a development stage more than all else in it.",
                "AwsSolutions-APIG3",
            )

    def _add(
        self, method: str, path: str, function: lambda_.Function, **asks: Any
    ) -> list[apigateway.Method]:
        """Send a method of a path to a function; with GET goes HEAD, which answers without a body.

        Where calls are shifted to new versions, they go to the function's alias. ``asks`` is what
        ``add_method`` is told besides.
        """
        resource = self.api.root.resource_for_path(path)
        called = self._shifted.of(function) if self._shifted else function
        added = []
        for it in ("GET", "HEAD") if method == "GET" else (method,):
            integration = apigateway.LambdaIntegration(called, allow_test_invoke=False)
            added.append(resource.add_method(it, integration, **asks))
            self._others.beside(resource, it)
        return added

    def _end_what_is_logged(self, stack: ServiceStack) -> None:
        """API Gateway would make this group itself when it first logs, and keep it for ever."""
        group = logs.LogGroup(
            stack,
            "ApiExecutionLog",
            log_group_name=f"API-Gateway-Execution-Logs_{self.api.rest_api_id}/{STAGE}",
            retention=stack.stage.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.api.deployment_stage.node.add_dependency(group)

    def _answer_with_problem(
        self, response_type: str, status: int | None, kind: str, title: str
    ) -> None:
        headers = {
            "Content-Type": "'application/problem+json'",
            "Cache-Control": "'no-store'",
            **self._headers,
        }
        if status == 429:
            headers["Retry-After"] = "'1'"
        problem: dict[str, str | int] = {
            "type": PROBLEM_TYPES + kind,
            "title": title,
            "detail": "DETAIL",
            "correlation_id": "$context.requestId",
        }
        if status:
            problem["status"] = status
        # messageString brings its own quotes and escapes.
        detail = "$context.error.messageString"
        if response_type == "MISSING_AUTHENTICATION_TOKEN":
            detail = json.dumps(NO_SUCH_RESOURCE)
        template = json.dumps(problem).replace('"DETAIL"', detail)
        self.api.add_gateway_response(
            response_type,
            type=apigateway.ResponseType.of(response_type),
            status_code=str(status) if status else None,
            response_headers=headers,
            templates={"application/json": template},
        )


class ServiceApi(RegionalApi):
    """For customers, who bring a token; add methods with ``route``.

    The user pool judges tokens, or where AWS has none the environment's own authorizer does.
    """

    def __init__(self, stack: ServiceStack, *, rate: int, burst: int) -> None:
        own = stack.stage.token_authorizer_arn
        super().__init__(
            stack,
            rate=rate,
            burst=burst,
            log_caller={
                "customer_id": f"$context.authorizer.{'principalId' if own else 'claims.sub'}"
            },
            origin=stack.stage.web_origin,
        )
        self._origin = stack.stage.web_origin
        self._authorizer = _authorizer(stack, own) if own else _user_pool(stack)
        self._has_user_pool = own is None

    def route(
        self,
        method: str,
        path: str,
        function: lambda_.Function,
        *,
        scope: str,
        appends: str | None = None,
    ) -> None:
        """Send a method of a path, such as ``/v1/orders/{order_id}``, to a function.

        ``scope``, such as ``orders/read``, is what a token must have; without one, ID tokens would
        be taken as well. Other companies' systems, which have scopes of their own, bring a key
        besides: see ``let_partners_in``. ``appends`` is the type of event that a call leads to, if
        it is of one alone: operators are told which call an event came from.

        Raises:
            ValueError: no service declares this scope, so that nobody could ask for it.
        """
        if scope not in {**scopes(), **machine_scopes()}:
            raise ValueError(f"{method} {path}: no service declares the scope {scope}")
        if appends is not None:
            self._stack.calls[appends] = f"{method} {path}"
        function.add_environment("WEB_ORIGIN", self._origin)
        if scope in machine_scopes() and self._has_user_pool:  # whose traces go on here
            client = self._stack.find("identity", "machine-client-name")
            function.add_environment("OWN_CLIENT_ID", client)
        added = self._add(
            method,
            path,
            function,
            authorization_type=(
                apigateway.AuthorizationType.COGNITO
                if self._has_user_pool
                else apigateway.AuthorizationType.CUSTOM
            ),
            authorizer=self._authorizer,
            # An authorizer of one's own looks at scopes by itself: see docs/regions.md.
            authorization_scopes=[scope] if self._has_user_pool else None,
            api_key_required=scope in machine_scopes() or None,
        )
        for each in added if not self._has_user_pool else []:
            acknowledge(
                each,
                "This partition has no Cognito user pools: a Lambda authorizer that the context "
                "names checks the tokens of the deployment's own issuer.",
                "AwsSolutions-COG4",
            )

    def let_partners_in(
        self, key: apigateway.IApiKey, *, rate: int, burst: int, per_day: int
    ) -> None:
        """Limit other companies' systems: the key says whose limits count, the token who it is."""
        self.limit("Partners", PARTNERS, key, rate=rate, burst=burst, per_day=per_day)


def _user_pool(stack: ServiceStack) -> apigateway.IAuthorizer:
    pool = cognito.UserPool.from_user_pool_arn(
        stack, "Users", stack.find("identity", "user-pool-arn")
    )
    return apigateway.CognitoUserPoolsAuthorizer(stack, "Authorizer", cognito_user_pools=[pool])


def _authorizer(stack: ServiceStack, arn: str) -> apigateway.IAuthorizer:
    """A function of another deployment, which API Gateway may call with a role of ours."""
    role = iam.Role(
        stack,
        "AuthorizerRole",
        role_name=stack.stage.role_name(stack.service, "Authorizer"),
        assumed_by=service_of_this_account(stack, "apigateway.amazonaws.com"),
        inline_policies={
            "Call": iam.PolicyDocument(
                statements=[iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[arn])]
            )
        },
    )
    return apigateway.TokenAuthorizer(
        stack,
        "Authorizer",
        handler=lambda_.Function.from_function_attributes(
            stack, "TokenAuthorizer", function_arn=arn, same_environment=False
        ),
        assume_role=role.without_policy_updates(),  # which would allow every version as well
        results_cache_ttl=Duration.minutes(5),
    )
