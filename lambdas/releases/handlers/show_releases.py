"""For operators that only look: which services can be released, and how their releases stand."""

from typing import Any

import msgspec

from releases.adapters.places import places_of, runs_on
from releases.adapters.shown_releases import ShownReleases
from releases.environment import ShownReleasesEnvironment
from shared.runtime import aws
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation


class ShowReleases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request, which asks for nothing in particular."""


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """``{services: [{service, runs_on}], releases, seen, judged, capped}``; see ``runs_on`` and
    ``ShownReleases.told``.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
        botocore.exceptions.ClientError: Step Functions or Systems Manager does not answer.
    """
    msgspec.convert(event, ShowReleases)
    environment = load(ShownReleasesEnvironment)
    ssm = aws.brief_client("ssm")
    services = [
        {"service": it, "runs_on": runs_on(places_of(ssm, environment.services_path, it))}
        for it in environment.released.split(",")
    ]
    shown = ShownReleases(aws.brief_client("stepfunctions"), environment.machine_arn)
    return {"services": services, **shown.told()}
