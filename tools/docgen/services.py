"""Reads from a synthesized template what a service owns, takes in, reacts to and is limited by."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.product import PRODUCT, PRODUCT_TITLE
from stacks.constructs.service_card import CARDS
from tools.base.assembly import service_of

KINDS = {
    "AWS::DynamoDB::GlobalTable": "table",
    "AWS::Kinesis::Stream": "stream",
    "AWS::KinesisFirehose::DeliveryStream": "delivery stream",
    "AWS::Events::EventBus": "bus",
    "AWS::Events::Archive": "archive of the bus",
    "AWS::SQS::Queue": "queue",
    "AWS::SNS::Topic": "topic",
    "AWS::S3::Bucket": "bucket",
    "AWS::SecretsManager::Secret": "secret",
    "AWS::StepFunctions::StateMachine": "state machine",
    "AWS::Cognito::UserPool": "user pool",
}
"""What holds data or work. Dead letters go with their queue, keys and roles with what they keep."""
DIGEST = re.compile(r"[0-9A-F]{8}$")
PARAMETER = re.compile(rf"/{PRODUCT}/[^/]+/([^/]+)/(.+)")

Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Service:
    """A service as its template in one environment has it."""

    name: str
    template: Mapping[str, Any]

    @property
    def owner(self) -> str:
        """The team that the tags name; a rule of the templates sees that it is one."""
        for _, resource in self._resources():
            properties = resource.get("Properties", {})
            if "owner" in (tags := properties.get("UserPoolTags", {})):
                return str(tags["owner"])
            for tag in properties.get("Tags", []):
                if isinstance(tag, Mapping) and tag["Key"] == "owner":
                    return str(tag["Value"])
        raise LookupError(f"nothing in {self.name} is tagged with its owner")

    @property
    def purpose(self) -> str:
        """What it does, in a few words."""
        return str(self.template["Description"]).removeprefix(f"{PRODUCT_TITLE}: ")

    def owned(self) -> list[tuple[str, str]]:
        """Kind and name of everything that holds data or work."""
        found = [
            (kind, plain(id))
            for type, kind in KINDS.items()
            for id, _ in self._resources(type)
            if "DeadLetters" not in id
        ]
        return [(kind, name.removesuffix("Queue") or name) for kind, name in found]

    def functions(self) -> dict[str, str]:
        """Every function with what it does, by name."""
        return {
            plain(id): str(it["Properties"]["Description"])
            for id, it in self._resources("AWS::Lambda::Function")
        }

    def routes(self) -> list[tuple[str, str]]:
        """Method and path of each route of its API, and the function; HEAD goes with each GET."""
        paths = {id: it["Properties"] for id, it in self._resources("AWS::ApiGateway::Resource")}
        return sorted(
            (f"{method['HttpMethod']} {_path(paths, method['ResourceId'])}", function)
            for _, it in self._resources("AWS::ApiGateway::Method")
            for method in [it["Properties"]]
            if method["HttpMethod"] != "HEAD"
            for function in self._functions_in(method.get("Integration", {}))
        )

    def heard(self) -> Iterator[tuple[list[str], str]]:
        """Types of messages that a rule on a bus lets through, and the rule in words."""
        for _, it in self._resources("AWS::Events::Rule"):
            if pattern := it["Properties"].get("EventPattern"):
                types = pattern.get("detail-type", [])
                yield types, _in_words(pattern)

    def follows_the_log(self) -> list[str]:
        """The functions that read every event on the log."""
        return [plain(_id(it["FunctionName"])) for it in self._mappings("event-stream-arn")]

    def schedules(self) -> list[tuple[str, str]]:
        """When the clock starts something, and what."""
        return [
            (str(rule["ScheduleExpression"]), function)
            for _, it in self._resources("AWS::Events::Rule")
            for rule in [it["Properties"]]
            if "ScheduleExpression" in rule
            for function in self._functions_in(rule["Targets"])
        ]

    def reads(self) -> dict[str, list[str]]:
        """Parameters of other services that are read at deployment, by service."""
        found: dict[str, list[str]] = {}
        for parameter in self.template.get("Parameters", {}).values():
            if match := PARAMETER.fullmatch(str(parameter.get("Default", ""))):
                found.setdefault(match[1], []).append(match[2])
        return {service: sorted(names) for service, names in sorted(found.items())}

    def publishes(self) -> list[str]:
        """Parameters by which others find it."""
        names = [it["Properties"]["Name"] for _, it in self._resources("AWS::SSM::Parameter")]
        return sorted(name.split("/", 4)[4] for name in names if f"/{CARDS}/" not in name)

    def alarms(self) -> dict[str, list[str]]:
        """Alarms by what they say, as docs/operations.md explains it."""
        found: dict[str, list[str]] = {}
        for id, it in self._resources("AWS::CloudWatch::Alarm"):
            described = str(it["Properties"]["AlarmDescription"]).partition("; see")[0]
            what = described.split(": ")[1]  # service: what: remarks
            found.setdefault(what, []).append(plain(id))
        return found

    def limits(self) -> list[str]:
        """How far each part scales by itself, in words."""
        found = []
        for _, it in self._resources("AWS::ApiGateway::Stage"):
            for method in it["Properties"]["MethodSettings"]:
                rate, burst = method["ThrottlingRateLimit"], method["ThrottlingBurstLimit"]
                found.append(f"API: {rate} requests a second, {burst} at once")
        for mapping in self._mappings(""):
            function = f"`{plain(_id(mapping['FunctionName']))}`"
            if most := mapping.get("ScalingConfig", {}).get("MaximumConcurrency"):
                found.append(f"{function}: {most} at once")
            else:
                found.append(
                    f"{function}: {mapping.get('ParallelizationFactor', 1)} for each shard"
                )
        return found

    def _mappings(self, source: str) -> list[Mapping[str, Any]]:
        """Event source mappings whose source is that parameter, or all for an empty text."""
        parameters = self.template.get("Parameters", {})
        return [
            it["Properties"]
            for _, it in self._resources("AWS::Lambda::EventSourceMapping")
            for arn in [self._stream_of(it["Properties"]["EventSourceArn"])]
            if str(parameters.get(arn.get("Ref"), {}).get("Default", "")).endswith(source)
        ]

    def _stream_of(self, arn: Mapping[str, Any]) -> Mapping[str, Any]:
        """The stream behind an event source: with a fan-out, a consumer of it stands between."""
        consumers = dict(self._resources("AWS::Kinesis::StreamConsumer"))
        id = arn.get("Ref") or arn.get("Fn::GetAtt", [""])[0]
        if id in consumers:
            stream: Mapping[str, Any] = consumers[id]["Properties"]["StreamARN"]
            return stream
        return arn

    def _functions_in(self, part: Any) -> list[str]:
        text = json.dumps(part)
        return [
            plain(id) for id, _ in self._resources("AWS::Lambda::Function") if f'"{id}"' in text
        ]

    def _resources(self, type: str = "") -> Iterator[tuple[str, Resource]]:
        """By name, however the template has them: pages are the same from a snapshot."""
        for id, resource in sorted(self.template["Resources"].items()):
            if not type or resource["Type"] == type:
                yield id, resource


def plain(id: str) -> str:
    """A logical id without the digest that CDK adds to it."""
    return DIGEST.sub("", id)


def _id(reference: Any) -> str:
    return str(reference.get("Ref") or reference["Fn::GetAtt"][0])


def _path(resources: Mapping[str, Any], reference: Any) -> str:
    resource = resources.get(_id(reference))
    if resource is None:
        return ""  # the root
    return f"{_path(resources, resource['ParentId'])}/{resource['PathPart']}"


def _in_words(pattern: Mapping[str, Any]) -> str:
    types = _named(pattern.get("detail-type", [])) or "everything"
    words = f"{types} from {_named(pattern.get('source', [])) or 'anybody'}"
    filters = [
        f"{field} is {' or '.join(values)}"
        for field, values in sorted(pattern.get("detail", {}).get("data", {}).items())
    ]
    return f"{words}, where {', '.join(filters)}" if filters else words


def _named(wanted: Sequence[Any]) -> str:
    return ", ".join(map(_named_one, wanted))


def _named_one(wanted: Any) -> str:
    match wanted:
        case {"anything-but": names}:
            return f"all but `{'`, `'.join(names)}`"
        case {"prefix": beginning}:
            return f"everybody whose name begins with `{beginning}`"
    return f"`{wanted}`"


def services_of(templates: Mapping[str, Any]) -> list[Service]:
    """The services of dev's templates, which are by the stack's name."""
    return [Service(service_of(stack, "dev"), template) for stack, template in templates.items()]
