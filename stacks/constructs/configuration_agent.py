"""The AppConfig agent beside a function: which layer it is, where it listens, how often to ask.

The one place for that. Context overrides each: ``configuration_agent_layer_arn`` for a region that
the CDK does not know yet or another version, ``configuration_agent_url``, and
``configuration_poll_seconds``.
"""

from aws_cdk import aws_appconfig as appconfig
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.constructs.service_stack import ServiceStack
from stacks.partitions import AGENT_LAYER, NotInThisRegion

URL = "configuration_agent_url"
POLL_SECONDS = "configuration_poll_seconds"


def agent_layer(stack: ServiceStack) -> lambda_.ILayerVersion:
    """The extension for the stack's region, on arm64 as every function here.

    Raises:
        NotInThisRegion: the context names no layer of the stack's region, and the CDK knows none.
    """
    existing = stack.node.try_find_child("ConfigurationAgent")
    if existing is not None:
        return existing  # type: ignore[return-value]
    return lambda_.LayerVersion.from_layer_version_attributes(
        stack,
        "ConfigurationAgent",
        layer_version_arn=_named_layer(stack) or _known_layer(stack.region),
    )


def agent_url(scope: Construct) -> str:
    """Where the agent listens; offline another process does."""
    url: str = scope.node.get_context(URL)
    return url


def poll_seconds(scope: Construct) -> str:
    """How old a value may become in a process before it asks the agent again."""
    seconds: str = scope.node.get_context(POLL_SECONDS)
    return seconds


def _named_layer(stack: ServiceStack) -> str | None:
    named: str | None = stack.node.try_get_context(AGENT_LAYER)
    if named and not named.startswith(f"arn:{stack.partition}:lambda:{stack.region}:"):
        raise NotInThisRegion(
            f"{AGENT_LAYER} names {named}, and functions take layers of their own region only: "
            f"name one of {stack.region} ({stack.partition})"
        )
    return named


def _known_layer(region: str) -> str:
    try:
        arn: str = appconfig.Application.get_lambda_layer_version_arn(
            region, appconfig.Platform.ARM_64
        )
    except RuntimeError as unknown:
        raise NotInThisRegion(
            f"the CDK knows no AppConfig agent for {region} on arm64; name the layer with "
            f"-c {AGENT_LAYER}=..."
        ) from unknown
    return arn
