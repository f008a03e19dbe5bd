"""The AppConfig agent beside a function: which layer it is, where it listens, how often to ask.

The one place for that. Context overrides each: ``configuration_agent_layer_arn`` for a region that
the CDK does not know yet or another version, ``configuration_agent_url``, and
``configuration_poll_seconds``.
"""

from aws_cdk import Token
from aws_cdk import aws_appconfig as appconfig
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.constructs.service_stack import ServiceStack

LAYER_ARN = "configuration_agent_layer_arn"
URL = "configuration_agent_url"
POLL_SECONDS = "configuration_poll_seconds"


class NoAgentLayer(Exception):
    """Nobody knows the layer's ARN for this region."""


def agent_layer(stack: ServiceStack) -> lambda_.ILayerVersion:
    """The extension for the stack's region, on arm64 as every function here.

    Raises:
        NoAgentLayer: the region is unknown, and the context names no layer.
    """
    existing = stack.node.try_find_child("ConfigurationAgent")
    if existing is not None:
        return existing  # type: ignore[return-value]
    return lambda_.LayerVersion.from_layer_version_attributes(
        stack,
        "ConfigurationAgent",
        layer_version_arn=stack.node.try_get_context(LAYER_ARN) or _layer_arn(stack.region),
    )


def agent_url(scope: Construct) -> str:
    """Where the agent listens; offline another process does."""
    url: str = scope.node.get_context(URL)
    return url


def poll_seconds(scope: Construct) -> str:
    """How old a value may become in a process before it asks the agent again."""
    seconds: str = scope.node.get_context(POLL_SECONDS)
    return seconds


def _layer_arn(region: str) -> str:
    if Token.is_unresolved(region):
        raise NoAgentLayer(f"the stack names no region; give it one, or the context a {LAYER_ARN}")
    try:
        arn: str = appconfig.Application.get_lambda_layer_version_arn(
            region, appconfig.Platform.ARM_64
        )
    except RuntimeError as unknown:
        raise NoAgentLayer(
            f"no AppConfig agent is known for {region}; name its layer with -c {LAYER_ARN}=..."
        ) from unknown
    return arn
