"""For operators: stops a rollout of a service's configuration before it is complete."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any

import msgspec

from shared.runtime import aws, log
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation

Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]
STOPPABLE = ("DEPLOYING", "BAKING")
"""States in which AppConfig can be told to go back."""


class NotUnderWay(Exception):
    """The deployment is complete, or has ended otherwise: there is nothing to stop."""


class StoppedConfigurationEnvironment(msgspec.Struct, frozen=True):
    """What of AppConfig is the service's."""

    configuration_application: str
    """Id of the AppConfig application."""
    configuration_environment: str
    """Id of its environment."""


class Stop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request: the number of a deployment, and the version that it deploys."""

    number: Annotated[int, msgspec.Meta(ge=1)]
    version: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]


def stop(
    event: Mapping[str, Any], client: Any, environment: StoppedConfigurationEnvironment
) -> str:
    """Stop a deployment; the state in which AppConfig has it then, in small letters.

    ``client`` is a botocore AppConfig client.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
        NotUnderWay: it is not deployed any more, or is of another version.
        botocore.exceptions.ClientError: AppConfig does not answer, or does not stop it.
    """
    asked = msgspec.convert(event, Stop)
    place = {
        "ApplicationId": environment.configuration_application,
        "EnvironmentId": environment.configuration_environment,
        "DeploymentNumber": asked.number,
    }
    found = client.get_deployment(**place)
    if found["State"] not in STOPPABLE or str(found["ConfigurationVersion"]) != asked.version:
        raise NotUnderWay(f"deployment {asked.number} is {found['State'].lower()}")
    # Without leave to revert, AppConfig stops what is being deployed, and not what is baking.
    baking = {"AllowRevert": True} if found["State"] == "BAKING" else {}
    state = str(client.stop_deployment(**place, **baking)["State"]).lower()
    log.warning("rollout stopped by an operator", number=asked.number, version=asked.version)
    return state


@cache
def _client() -> Any:
    return aws.brief_client("appconfig")


def stopping() -> Handler:
    """A Lambda handler that stops a rollout: see ``Stop`` and ``stop``. It answers ``{state}``."""

    def handler(event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
        return {"state": stop(event, _client(), load(StoppedConfigurationEnvironment))}

    return invocation(handler)
