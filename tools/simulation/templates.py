"""What the dev environment's templates deploy, with every reference filled in.

Nothing is wired by hand: functions, their variables, event sources, queues, rules and the saga's
definition are those of the templates, as the accepted snapshots have them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tools.generate import snapshots

Json = dict[str, Any]
ACCOUNT, REGION = "123456789012", "eu-west-1"
_KINDS = {
    "AWS::Lambda::Function": ("lambda", "function:"),
    "AWS::DynamoDB::GlobalTable": ("dynamodb", "table/"),
    "AWS::SQS::Queue": ("sqs", ""),
    "AWS::SNS::Topic": ("sns", ""),
    "AWS::Kinesis::Stream": ("kinesis", "stream/"),
    "AWS::Events::EventBus": ("events", "event-bus/"),
    "AWS::StepFunctions::StateMachine": ("states", "stateMachine:"),
    "AWS::SecretsManager::Secret": ("secretsmanager", "secret:"),
    "AWS::S3::Bucket": ("s3", ""),
}
_REF_IS_ARN = {"AWS::SNS::Topic", "AWS::StepFunctions::StateMachine", "AWS::SecretsManager::Secret"}


@dataclass(frozen=True)
class Resource:
    """One resource; ``name`` is its physical name, and ``properties`` have no references left."""

    service: str
    logical_id: str
    kind: str
    name: str
    properties: Json

    @property
    def arn(self) -> str:
        """As AWS would name it."""
        return _arn(self.kind, self.name)


class Deployed:
    """All resources of the environment."""

    def __init__(self, templates: Mapping[str, Json]) -> None:
        self._templates = templates
        self._parameters = {
            resource["Properties"]["Name"]: (service, resource["Properties"]["Value"])
            for service, template in templates.items()
            for resource in template["Resources"].values()
            if resource["Type"] == "AWS::SSM::Parameter"
            and isinstance(resource["Properties"].get("Name"), str)
        }

    def of(self, kind: str) -> Iterator[Resource]:
        """Every resource of a type."""
        for service, template in self._templates.items():
            for logical_id, resource in template["Resources"].items():
                if resource["Type"] == kind:
                    properties = {
                        name: self._filled(service, value)
                        for name, value in resource.get("Properties", {}).items()
                        if name not in ("Tags", "Code", "LoggingConfig", "Role")
                    }
                    name = _physical_name(service, logical_id)
                    yield Resource(service, logical_id, kind, name, properties)

    def _filled(self, service: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self._filled(service, it) for it in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((how, what),) = value.items()
            if how == "Ref":
                return self._ref(service, what)
            if how == "Fn::GetAtt":
                return self._attribute(service, *what)
            if how == "Fn::Join":
                return what[0].join(str(self._filled(service, it)) for it in what[1])
            if how == "Fn::Select":
                return self._filled(service, what[1])[int(what[0])]
            if how == "Fn::Split":
                return self._filled(service, what[1]).split(what[0])
            if how == "Fn::Sub":
                return self._sub(service, what)
        return {key: self._filled(service, it) for key, it in value.items()}

    def _ref(self, service: str, name: str) -> str:
        if name in _PSEUDO:
            return _PSEUDO[name]
        template = self._templates[service]
        if name in template.get("Parameters", {}):
            parameter = template["Parameters"][name].get("Default", "")
            if parameter in self._parameters:
                owner, value = self._parameters[parameter]
                return str(self._filled(owner, value))
            return str(parameter)
        kind = template["Resources"][name]["Type"]
        physical = _physical_name(service, name)
        if kind == "AWS::SQS::Queue":
            return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{physical}"
        return _arn(kind, physical) if kind in _REF_IS_ARN else physical

    def _attribute(self, service: str, name: str, attribute: str) -> str:
        kind = self._templates[service]["Resources"][name]["Type"]
        physical = _physical_name(service, name)
        if attribute == "StreamArn":
            return f"{_arn(kind, physical)}/stream/1"
        if attribute == "QueueName":
            return physical
        if attribute == "GraphQLUrl":
            return f"https://{physical}.appsync-api.{REGION}.amazonaws.com/graphql"
        return _arn(kind, physical) if attribute.endswith("Arn") else f"{physical}.{attribute}"

    def _sub(self, service: str, what: Any) -> str:
        text, values = what if isinstance(what, list) else (what, {})
        for name, value in {**_PSEUDO, **values}.items():
            text = text.replace(f"${{{name}}}", str(self._filled(service, value)))
        return str(text)


def _physical_name(service: str, logical_id: str) -> str:
    """Readable in a trace: without the hash that the CDK appends."""
    return f"{service}-{logical_id[:-8]}"


_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::NoValue": "",
}


def _arn(kind: str, name: str) -> str:
    service, prefix = _KINDS.get(kind, ("cloud", ""))
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{prefix}{name}"


@cache
def dev() -> Deployed:
    """The dev environment."""
    return Deployed(snapshots.of_dev())
