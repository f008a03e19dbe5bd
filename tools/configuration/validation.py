"""Lets a profile's validators judge a version before a deployment of it is started.

AppConfig does so by itself when a deployment starts; asked beforehand, a refusal comes while
nothing of the change is deployed yet. The emulator keeps validators and never calls them: there
they are called from here, as AppConfig calls them.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import jsonschema
from botocore.exceptions import ClientError

from tools.base.target import Target
from tools.configuration import documents
from tools.configuration.deployed import DeployedProfile, Place, Validator
from tools.configuration.errors import NotValid
from tools.configuration.flags import CONTENT_TYPE
from tools.configuration.problems import Problem, pointer, printable, shown

_LONGEST_ANSWER = 2000


def validate(
    target: Target, at: Place, profile: DeployedProfile, version: int, content: bytes
) -> None:
    """Nothing happens if each validator agrees.

    Raises:
        NotValid: one refuses, or gives no answer; with what it says.
    """
    if target.is_offline:
        for validator in profile.validators:
            _play_appconfig(target, at, profile, version, content, validator)
        return
    try:
        target.client("appconfig").validate_configuration(
            ApplicationId=at.application_id,
            ConfigurationProfileId=profile.id,
            ConfigurationVersion=str(version),
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "BadRequestException":
            raise
        details = error.response.get("Details") or error.response["Error"]["Message"]
        raise _refused(at, profile, "AppConfig's validators say", details) from error


def _play_appconfig(
    target: Target,
    at: Place,
    profile: DeployedProfile,
    version: int,
    content: bytes,
    validator: Validator,
) -> None:
    if validator.type == "JSON_SCHEMA":
        value = documents.parse(content, f"{at.service} {profile.name}")
        for error in jsonschema.Draft4Validator(json.loads(validator.content)).iter_errors(value):
            rule = f"the deployed schema says: {pointer(error.path) or '/'}: {error.validator}"
            raise _refused(at, profile, rule, error.instance)
        return
    event = {
        "applicationId": at.application_id,
        "configurationProfileId": profile.id,
        "configurationVersion": str(version),
        "content": base64.b64encode(content).decode(),
        "contentType": CONTENT_TYPE,
        "uri": "hosted",
    }
    answer = target.client("lambda").invoke(
        FunctionName=validator.content, Payload=json.dumps(event).encode()
    )
    if "FunctionError" in answer:
        said = json.loads(answer["Payload"].read())
        raise _refused(at, profile, "the validator function says", said.get("errorMessage", said))


def _refused(at: Place, profile: DeployedProfile, rule: str, said: Any) -> NotValid:
    text = said if isinstance(said, str) else shown(said)
    place = f"{at.service} in {at.environment}"
    return NotValid(
        [Problem(place, pointer([profile.name]), rule, printable(text)[:_LONGEST_ANSWER])]
    )
