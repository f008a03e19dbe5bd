"""Writes docs/permissions.md: who may do what to each table, stream, queue, bucket and key.

Everything comes from the policies of the templates of dev: those of roles, and those that a
resource has itself. A resource that another service finds by its SSM parameter is followed to the
service that published it, so that each has one place on the page.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from contracts.product import PRODUCT
from tools.base.workspace import CHECKOUT
from tools.docgen.services import PARAMETER, Service, plain

PAGE = CHECKOUT / "docs" / "permissions.md"
KINDS: Mapping[str, str] = {
    "Tables": "AWS::DynamoDB::GlobalTable",
    "Streams": "AWS::Kinesis::Stream",
    "Delivery streams": "AWS::KinesisFirehose::DeliveryStream",
    "Buses": "AWS::Events::EventBus",
    "Queues": "AWS::SQS::Queue",
    "Topics": "AWS::SNS::Topic",
    "Buckets": "AWS::S3::Bucket",
    "Keys": "AWS::KMS::Key",
    "Secrets": "AWS::SecretsManager::Secret",
    "State machines": "AWS::StepFunctions::StateMachine",
    "Functions": "AWS::Lambda::Function",
}
"""Headings of the page, in its order."""
NAMED_IN_ARNS: Mapping[str, str] = {
    "AWS::DynamoDB::GlobalTable": "dynamodb:table/",
    "AWS::Kinesis::Stream": "kinesis:stream/",
    "AWS::KinesisFirehose::DeliveryStream": "firehose:deliverystream/",
    "AWS::Events::EventBus": "events:event-bus/",
    "AWS::SQS::Queue": "sqs:",
    "AWS::SNS::Topic": "sns:",
    "AWS::S3::Bucket": "s3:",
    "AWS::SecretsManager::Secret": "secretsmanager:secret:",
    "AWS::StepFunctions::StateMachine": "states:stateMachine:",
    "AWS::Lambda::Function": "lambda:function:",
}
"""What stands before the name of a resource in its ARN, without the place."""
OWN_POLICIES: Mapping[str, tuple[str, str]] = {
    "AWS::SQS::QueuePolicy": ("Queues", "PolicyDocument"),
    "AWS::SNS::TopicPolicy": ("Topics", "PolicyDocument"),
    "AWS::S3::BucketPolicy": ("Bucket", "PolicyDocument"),
    "AWS::KMS::Key": ("", "KeyPolicy"),
    "AWS::SecretsManager::ResourcePolicy": ("SecretId", "ResourcePolicy"),
    "AWS::Events::EventBusPolicy": ("EventBusName", "Statement"),
}
"""Types that hold a policy of a resource: where they name it, and where the policy is."""
COLUMNS = ("what", "who", "may", "exercised")
FROM_THE_CDK = re.compile(r"Custom|Provider")
_REFERENCE = re.compile(r"\{([\w-]+):(\w+)(?:\.\w+)?\}")
_ARN = re.compile(r"^arn:[\w-]+:([\w-]+):[\w-]*:\$\{AWS::AccountId\}:")
_EXCEPT = re.compile(r"(everybody but )?the roles ")
_ROLE_NAME = re.compile(r"role/([\w${}:.-]+\*?)")
HEAD = """# Who may do what

What the roles of dev may do, resource by resource, and what a resource lets others do to it. \
`make generate` writes this page from the templates; a page that is stale fails `make check`. A \
role is called like its function. Rules of the templates hold that each function has a role of its \
own, that a table stands in one service's policies only, that what serves queries writes nothing, \
and that `*` needs a reason \
([`tests/infra/rules/permissions.py`](../tests/infra/rules/permissions.py)). IAM itself is asked \
by [`tests/integration/test_least_privilege.py`](../tests/integration/test_least_privilege.py), \
and the whole system runs with every permission enforced by `make test-enforced`.

The last column is about roles: what of it the tests of the deployed system used, or used of the \
same code in another service, when this was last recorded, on {recorded}. Where it is not all, \
[`unexercised.toml`](../tools/checks/permissions/unexercised.toml) says by kind why the rest is \
needed; what runs in containers is not deployed offline, and nothing of it is recorded \
([ADR 0078](adr/0078-permissions-beside-recorded-calls.md)).

Left out are everybody's own log group and traces, the account's own administration of its keys, \
and that calls without TLS are denied. Staging and prod have the same roles, and besides one by \
which CodeDeploy moves the aliases of a service's functions \
([ADR 0068](adr/0068-calls-are-shifted-by-codedeploy.md)).
"""


@dataclass(frozen=True)
class Exercised:
    """What roles were seen doing.

    Attributes:
        recorded: the day, as ``2026-11-27``.
        grants: roles, actions and resources, by names without account, region, and what makes a
            deployment's names its own, such as ``arn:aws:sqs:shop-dev-baskets-Work``.
    """

    recorded: str
    grants: Collection[tuple[str, str, str]]


@dataclass(frozen=True, order=True)
class Allowed:
    """One line: who may do what to the resource. ``part`` is of it, such as an index.

    ``used`` are those of the actions that were exercised, or None where nobody looks.
    """

    who: str
    part: str
    actions: tuple[str, ...]
    is_denied: bool = False
    is_conditional: bool = False
    used: tuple[str, ...] | None = field(default=None, compare=False)

    @property
    def may(self) -> str:
        """What, in words."""
        part = f" on `{self.part}`" if self.part else ""
        if_so = ", if conditions hold" if self.is_conditional else ""
        actions = ", ".join(f"`{action}`" for action in self.actions)
        return f"{'**denied** ' if self.is_denied else ''}{actions}{part}{if_so}"

    @property
    def exercised(self) -> str:
        """What of it, in words."""
        if self.used is None:
            return ""
        if self.used == self.actions:
            return "all"
        return ", ".join(f"`{action}`" for action in self.used) or "none"


class Policies:
    """All policies of an environment's templates, with references followed."""

    def __init__(self, services: Iterable[Service], exercised: Exercised) -> None:
        self._services = {it.name: it for it in services}
        self._used = {(role, action, on.lower()) for role, action, on in exercised.grants}
        self._published = {
            str(it["Properties"]["Name"]): (name, it["Properties"]["Value"])
            for name, _, it in self._resources("AWS::SSM::Parameter")
        }

    def by_resource(self) -> dict[str, dict[str, set[Allowed]]]:
        """By heading and name of the resource; those that are no resource stand under ``""``."""
        found: dict[str, dict[str, set[Allowed]]] = defaultdict(lambda: defaultdict(set))
        for name, id, it in self._resources(*KINDS.values()):
            if not FROM_THE_CDK.search(id):
                heading = self._heading(it["Type"])
                found[heading][f"{name}: {plain(id)}"] = set()
        for service, id, statement in self._statements_of_roles():
            for resource in _listed(statement.get("Resource", "*")):
                text = self._text(service, resource)
                heading, name, part = self._place(text)
                if allowed := _allowed(_role(service, id), statement, part):
                    used = self._used_by(service, id, allowed.actions, text)
                    found[heading][name].add(replace(allowed, used=used))
        for who, statement, text in self._statements_of_resources():
            heading, name, part = self._place(text)
            if allowed := _allowed(who, statement, part):
                found[heading][name].add(allowed)
        return found

    def _statements_of_roles(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Service and id of the role whose each statement is."""
        for name, id, it in self._resources("AWS::IAM::Role"):
            for policy in it["Properties"].get("Policies", []):
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield name, id, statement
        for name, _, it in self._resources("AWS::IAM::Policy"):
            for role in it["Properties"].get("Roles", []):
                for statement in it["Properties"]["PolicyDocument"]["Statement"]:
                    yield name, str(role["Ref"]), statement

    def _statements_of_resources(self) -> Iterator[tuple[str, Mapping[str, Any], str]]:
        """Whom each statement is about, and the resource whose own policy it is in."""
        for name, id, it in self._resources(*OWN_POLICIES):
            place, document = OWN_POLICIES[it["Type"]]
            properties = it["Properties"]
            named = _listed(properties[place]) if place else [{"Ref": id}]
            held = properties.get(document, {})
            for statement in _listed(held.get("Statement", held)):
                for of in named:
                    for who in self._principals(name, statement):
                        yield who, statement, self._text(name, of)
        for name, _, it in self._resources("AWS::Lambda::Permission"):
            properties = it["Properties"]
            who = _of_service(str(properties["Principal"]))
            statement = {"Effect": "Allow", "Action": properties["Action"]}
            yield who, statement, self._text(name, properties["FunctionName"])

    def _used_by(
        self, service: str, id: str, actions: tuple[str, ...], text: str
    ) -> tuple[str, ...]:
        """Those of a role's actions that were exercised; offline some are allowed on a star."""
        properties = self._services[service].template["Resources"][id]["Properties"]
        role = properties.get("RoleName", "")
        places = (_ARN.sub(r"arn:aws:\1:", _REFERENCE.sub(self._named, text)).lower(), "*")
        return tuple(
            action for action in actions if any((role, action, on) in self._used for on in places)
        )

    def _named(self, reference: re.Match[str]) -> str:
        """A resource's ARN without the place, as far as its name is known before it is deployed."""
        service, id = reference[1], reference[2]
        resource = self._services[service].template["Resources"].get(id, {})
        kind = resource.get("Type", "")
        if kind == KINDS["Keys"]:
            return "arn:aws:kms:key/"  # by no name: what is used of one is used of all
        if kind not in NAMED_IN_ARNS:
            return ""
        properties = resource.get("Properties", {})
        names = (properties.get(it) for it in ("Name", "StateMachineName"))
        name = next(filter(None, names), f"{PRODUCT}-dev-{service}-{plain(id)}")
        return f"arn:aws:{NAMED_IN_ARNS[kind]}{name}"

    def _principals(self, name: str, statement: Mapping[str, Any]) -> Iterator[str]:
        roles = json.dumps(statement.get("Condition", {}))
        if "aws:PrincipalArn" in roles:
            text = self._text(name, {"Fn::Join": ["", _leaves(statement["Condition"])]})
            names = ", ".join(sorted({f"`{it}`" for it in _ROLE_NAME.findall(text)}))
            every = "everybody but " if "NotLike" in roles or "NotEquals" in roles else ""
            yield f"{every}the roles {names}"
            return
        principal = statement.get("Principal", "*")
        if principal in ("*", {"AWS": "*"}):
            yield "everybody"
            return
        for kind, values in principal.items():
            for value in _listed(values):
                text = self._text(name, value)
                yield _of_service(text) if kind == "Service" else self._account_or_role(text)

    def _account_or_role(self, text: str) -> str:
        if text.endswith(":root"):
            return "the account"
        match = _REFERENCE.fullmatch(text)
        return _role(match[1], match[2]) if match else f"`{text}`"

    def _place(self, text: str) -> tuple[str, str, str]:
        """Heading, name and part of what a statement is about."""
        for service, id in _REFERENCE.findall(text)[:1]:
            kind = self._services[service].template["Resources"].get(id, {}).get("Type", "")
            if heading := self._heading(kind):
                return heading, f"{service}: {plain(id)}", _REFERENCE.sub("", text).strip(":")
        named = _REFERENCE.sub(lambda it: f"{{{it[1]}: {plain(it[2])}}}", text)
        return "", _ARN.sub(r"\1 ", named), ""

    @staticmethod
    def _heading(kind: str) -> str:
        return next((heading for heading, type in KINDS.items() if type == kind), "")

    def _resources(self, *types: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        for name, service in sorted(self._services.items()):
            for id, it in sorted(service.template["Resources"].items()):
                if it["Type"] in types:
                    yield name, id, it

    def _text(self, service: str, value: Any) -> str:
        """As text; a reference is ``{service:LogicalId}``, wherever it is found by a parameter."""
        match value:
            case str():
                return value
            case {"Ref": str() as id}:
                parameter = self._services[service].template.get("Parameters", {}).get(id, {})
                name = str(parameter.get("Default", ""))
                if PARAMETER.fullmatch(name) and name in self._published:
                    return self._text(*self._published[name])
                return f"${{{id}}}" if id.startswith("AWS::") else f"{{{service}:{id}}}"
            case {"Fn::GetAtt": [str() as id, str() as attribute]}:
                return f"{{{service}:{id}.{attribute}}}"
            case {"Fn::Join": [str() as separator, list() as parts]}:
                return separator.join(self._text(service, part) for part in parts)
        return json.dumps(value, sort_keys=True)


def page(services: Iterable[Service], exercised: Exercised) -> str:
    """The whole page."""
    found = Policies(services, exercised).by_resource()
    sections = [HEAD.format(recorded=exercised.recorded)]
    for heading in KINDS:
        rows = [row for name in sorted(found[heading]) for row in _rows(name, found[heading][name])]
        sections.append(f"## {heading}\n\n{_table(COLUMNS, rows)}")
    rows = [row for name in sorted(found[""]) for row in _rows(name, found[""][name])]
    sections.append(
        "## By a name or a pattern\n\n"
        "What IAM knows by no resource of the templates: names that AWS makes, what belongs to the "
        f"account, and actions that know no resources at all.\n\n{_table(COLUMNS, rows)}"
    )
    return "\n".join(sections)


def write(services: Iterable[Service], exercised: Exercised) -> None:
    """Write it."""
    PAGE.write_text(page(services, exercised), "utf-8")


def _rows(name: str, allowed: Iterable[Allowed]) -> Iterator[tuple[str, ...]]:
    """A line for all who may the same, and were seen doing the same."""
    same: dict[tuple[str, str], list[str]] = defaultdict(list)
    for it in sorted(allowed):
        same[it.may, it.exercised].append(it.who)
    if not same:
        yield f"`{name}`", "nobody", "", ""
    for number, (does, who) in enumerate(sorted(same.items(), key=lambda it: (it[1], it[0]))):
        yield f"`{name}`" if number == 0 else "", ", ".join(dict.fromkeys(who)), *does


def _allowed(who: str, statement: Mapping[str, Any], part: str) -> Allowed | None:
    """None for what the page leaves out."""
    named = sorted(map(str, _listed(statement.get("Action", "*"))))
    actions = tuple(it for it in named if not it.startswith(("logs:", "xray:")))
    conditions = statement.get("Condition", {})
    if who == "the account" or not actions:
        return None
    is_denied = statement.get("Effect") == "Deny"
    if is_denied and "aws:SecureTransport" in json.dumps(conditions):
        return None
    return Allowed(who, part, actions, is_denied, bool(conditions) and not _EXCEPT.match(who))


def _role(service: str, id: str) -> str:
    return f"{service} `{plain(id).removesuffix('Role')}`"


def _of_service(principal: str) -> str:
    return f"AWS's {principal.partition('.amazonaws')[0]}"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _leaves(value: Any) -> list[Any]:
    """Every text and reference in a condition."""
    match value:
        case dict() if value.keys() & {"Ref", "Fn::Join", "Fn::GetAtt"}:
            return [value, " "]
        case dict():
            return [leaf for it in value.values() for leaf in _leaves(it)]
        case list():
            return [leaf for it in value for leaf in _leaves(it)]
    return [str(value), " "]


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(
        "| " + " | ".join(it.replace("|", "\\|") for it in row) + " |\n" for row in lines
    )
