"""The synthesized system as rules read it: templates whose references can be followed."""

from __future__ import annotations

import atexit
import fcntl
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from aws_cdk import App
from aws_cdk.region_info import RegionInfo

from bundling.build import build as build_packages
from contracts.product import PRODUCT
from stacks.stage import from_context
from stacks.system import build
from tools.base.assembly import Assembly, service_of
from tools.base.templates import EVERYTHING

CHECKOUT = Path(__file__).resolve().parents[2]
PARAMETER = "AWS::SSM::Parameter"
ALIAS = "AWS::Lambda::Alias"
REFERENCE = re.compile(r"(\{[\w-]+:\w+)[.}]")
"""The place of a resource, where a text refers to it."""
CONTEXT = {
    **json.loads((CHECKOUT / "cdk.json").read_text())["context"],
    "aws:cdk:enable-path-metadata": True,  # which the CLI sets
    **EVERYTHING,
}


shared: Path | None = None
"""A folder for all workers of this run, if it has several."""


@dataclass(frozen=True)
class Resource:
    """One resource; ``properties`` are as the template has them, intrinsic functions included."""

    template: Template
    id: str
    body: Mapping[str, Any]

    @property
    def type(self) -> str:
        kind: str = self.body["Type"]
        return kind

    @property
    def properties(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.body.get("Properties", {})
        return found

    @property
    def place(self) -> str:
        """How references to it are written: ``{service:LogicalId``."""
        return f"{{{self.template.service}:{self.id}"

    def text(self, value: Any) -> str:
        """A value of this resource, with its references followed; see ``Template.text``."""
        return self.template.text(value)

    def is_in(self, text: str) -> bool:
        """Whether a text refers to this resource, by whatever attribute."""
        return f"{self.place}." in text or f"{self.place}}}" in text

    def __str__(self) -> str:
        return f"{self.template.environment} {self.template.service} {self.id}"


@dataclass(frozen=True)
class Template:
    """One stack's template."""

    system: System
    service: str
    body: Mapping[str, Any]
    depends_on: frozenset[str]
    """Services whose stacks are deployed before, as declared."""
    properties: Mapping[str, Any]
    """What the assembly says about the stack besides its template."""

    @property
    def environment(self) -> str:
        return self.system.environment

    @property
    def region(self) -> str:
        return self.system.places[self.service]

    @property
    def is_of_every_environment(self) -> bool:
        """Whether an account and a region have it once, with no environment in its name."""
        file: str = self.properties["templateFile"]
        return not file.startswith(f"{PRODUCT}-{self.environment}-")

    def resources(self, *types: str) -> Iterator[Resource]:
        """Resources of these types, or all."""
        for id, body in self.body.get("Resources", {}).items():
            if not types or body["Type"] in types:
                yield Resource(self, id, body)

    @property
    def parameters_read(self) -> Mapping[str, str]:
        """SSM parameters that are read when the stack is deployed, by their logical ids."""
        return {
            id: parameter["Default"]
            for id, parameter in self.body.get("Parameters", {}).items()
            if parameter["Type"].startswith("AWS::SSM::Parameter::Value")
            and not parameter["Default"].startswith("/cdk-bootstrap/")
        }

    def text(self, value: Any) -> str:
        """A value as text, with references written ``{service:LogicalId.Attribute}``.

        A reference to an SSM parameter becomes what the service that wrote it wrote, so that
        one and the same thing reads the same in every template.
        """
        match value:
            case str():
                return value
            case {"Ref": str() as name}:
                return self._reference(name)
            case {"Fn::GetAtt": [str() as id, str() as attribute]}:
                return f"{{{self.service}:{id}.{attribute}}}"
            case {"Fn::Join": [str() as separator, list() as parts]}:
                return separator.join(self.text(part) for part in parts)
            case {"Fn::Sub": str() as pattern}:
                return re.sub(r"\$\{([^}!]+)\}", lambda it: self._substituted(it[1]), pattern)
        return json.dumps(value, sort_keys=True, default=str)

    def texts(self, value: Any) -> list[str]:
        """The same for a list or for a single value."""
        return [self.text(item) for item in (value if isinstance(value, list) else [value])]

    def _substituted(self, name: str) -> str:
        id, _, attribute = name.partition(".")
        return f"{{{self.service}:{id}.{attribute}}}" if attribute else self._reference(id)

    def _reference(self, name: str) -> str:
        if name.startswith("AWS::"):
            return f"${{{name}}}"
        if name in self.parameters_read:
            return self.system.parameter_value(self.parameters_read[name])
        alias = self.body.get("Resources", {}).get(name, {})
        if alias.get("Type") == ALIAS:  # whose ARN is the function's, and its name
            properties = alias["Properties"]
            return f"{self.text(properties['FunctionName'])}:{properties['Name']}"
        return f"{{{self.service}:{name}}}"


class System:
    """All templates of one environment."""

    def __init__(self, assembly: Assembly, environment: str) -> None:
        self.assembly = assembly
        self.environment = environment
        name = partial(service_of, environment=environment)
        artifacts = json.loads((assembly.directory / "manifest.json").read_text())["artifacts"]
        self.templates = {
            name(stack.name): Template(
                self,
                name(stack.name),
                json.loads(stack.template_file.read_text()),
                frozenset(map(name, stack.depends_on)),
                artifacts[stack.artifact]["properties"],
            )
            for stack in assembly.stacks
        }
        self.places: Mapping[str, str] = {
            name(stack.name): artifacts[stack.artifact]["environment"].rpartition("/")[2]
            for stack in assembly.stacks
        }
        self.region: str = self.places["event-log"]
        self.regions: frozenset[str] = frozenset(self.places.values())
        self.partition: str = RegionInfo.get(self.region).partition or "unknown"

    def to_be_changed(self) -> System:
        """The same system, in which a template that is asked for by name may be changed."""
        other = copy(self)
        other.templates = _Copied(
            {name: replace(it, system=other) for name, it in self.templates.items()}
        )
        return other

    def resources(self, *types: str) -> Iterator[Resource]:
        """Resources of these types, or all, of every template."""
        for template in self.templates.values():
            yield from template.resources(*types)

    def find(self, text: str, *types: str) -> Resource | None:
        """The resource of one of these types that a text refers to."""
        named = set(REFERENCE.findall(text))
        if not named:
            return None
        return next((it for it in self.resources(*types) if it.place in named), None)

    def parameter_value(self, name: str) -> str:
        """What a service writes into an SSM parameter; its name in braces if nobody does."""
        for resource in self.resources(PARAMETER):
            if resource.properties["Name"] == name:
                return resource.text(resource.properties["Value"])
        return f"{{{name}}}"


class _Copied(dict[str, Template]):
    """Templates that are another system's, until one is asked for by its name."""

    def __init__(self, templates: Mapping[str, Template]) -> None:
        super().__init__(templates)
        self._others = set(templates)

    def __getitem__(self, service: str) -> Template:
        if service in self._others:
            self._others.remove(service)
            its = super().__getitem__(service)
            body, properties = json.loads(json.dumps([its.body, its.properties]))
            self[service] = replace(its, body=body, properties=properties)
        return super().__getitem__(service)


@dataclass(frozen=True)
class Statement:
    """One statement of a role's policies, with references followed."""

    role: Resource
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Any]

    def allows(self, action: str) -> bool:
        """Whether it allows an action such as ``kinesis:PutRecords``, wildcards considered."""
        return self.effect == "Allow" and any(
            fnmatchcase(action.lower(), pattern.lower()) for pattern in self.actions
        )


def role_statements(system: System) -> Iterator[Statement]:
    """Every statement of every role's inline and attached policies."""
    for role in system.resources("AWS::IAM::Role"):
        for policy in role.properties.get("Policies", []):
            yield from _statements(role, role, policy["PolicyDocument"])
    for policy in system.resources("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        for reference in policy.properties.get("Roles", []):
            role_of = system.find(policy.text(reference), "AWS::IAM::Role")
            assert role_of, f"{policy} is attached to a role of another stack"
            yield from _statements(role_of, policy, policy.properties["PolicyDocument"])


def _statements(role: Resource, owner: Resource, document: Any) -> Iterator[Statement]:
    for statement in document["Statement"]:
        yield Statement(
            role,
            statement["Effect"],
            tuple(owner.template.texts(statement.get("Action", "*"))),
            tuple(owner.template.texts(statement.get("Resource", "*"))),
            statement.get("Condition", {}),
        )


def functions_of(role: Resource) -> list[Resource]:
    """The functions that run with a role."""
    return [
        function
        for function in role.template.resources("AWS::Lambda::Function")
        if role.is_in(function.text(function.properties["Role"]))
    ]


def card_of(resource: Resource) -> str:
    """The name of the parameter by which operators know the service that a resource is of."""
    return f"/{PRODUCT}/{resource.template.environment}/cards/{resource.template.service}"


def own_functions(system: System) -> Iterator[Resource]:
    """The functions whose handlers are in this repository."""
    for function in system.resources("AWS::Lambda::Function"):
        if ".handlers." in function.properties.get("Handler", ""):
            yield function


@cache
def synthesized(environment: str, *context: tuple[str, str]) -> System:
    """The system as ``cdk synth`` makes it for the cloud; rules of cdk-nag have their own test.

    ``context`` is what ``-c`` would say.
    """
    digest = sha256(json.dumps(context).encode()).hexdigest()[:8]
    out = _folder_of_the_run() / f"{environment}-{digest}"
    with out.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not out.exists():
            with packages():
                draft = _synthesize(out, {**dict(context), "environment": environment})
            draft.rename(out)
    return System(Assembly(out), environment)


def _synthesize(out: Path, context: Mapping[str, str]) -> Path:
    draft = Path(tempfile.mkdtemp(prefix=f"{out.name}-", dir=out.parent))
    app = App(outdir=str(draft), context={**CONTEXT, **context})
    build(app, from_context(app))
    app.synth()
    return draft


@contextmanager
def built() -> Iterator[None]:
    """Brings the packages up to date."""
    build_packages("cloud", [])
    yield


packages: Callable[[], AbstractContextManager[None]] = built
"""What templates are made with."""


@cache
def _folder_of_the_run() -> Path:
    """Where the workers of one run find what another of them has synthesized."""
    if shared:
        shared.mkdir(exist_ok=True)
        return shared
    own = tempfile.mkdtemp(prefix=f"{PRODUCT}-")
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    return Path(own)
