"""The system of one run: the templates' resources, played by the simulated services."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec

from tools.base.workspace import CHECKOUT
from tools.simulation.aws.bus import Bus, Topics
from tools.simulation.aws.dynamodb import DynamoDb, Stream, Table
from tools.simulation.aws.functions import Function, Functions, Library
from tools.simulation.aws.kinesis import Kinesis
from tools.simulation.aws.machines import Machines
from tools.simulation.aws.queues import Queue, Queues, QueueSource
from tools.simulation.aws.stream_sources import LogSource, TableSource
from tools.simulation.partners import Providers, Secrets
from tools.simulation.seam import Call
from tools.simulation.templates import Resource, dev
from tools.simulation.world import World

SAGAS = frozenset({"fulfilment"})
"""Services whose machines take part; others' are operators' own."""


class Deployment:
    """Everything that was deployed, new and empty; ``services`` are those that take part."""

    def __init__(self, world: World, library: Library, services: frozenset[str]) -> None:
        self._world = world
        self.services = services

        def mine(kind: str) -> list[Resource]:
            return [it for it in _of(kind) if it.service in services]

        self.dynamodb = DynamoDb(world, {it.name: _table(it) for it in _of("GlobalTable")})
        self.kinesis = Kinesis(world)
        self.functions = Functions(
            world, library, {it.name: _function(it) for it in mine("Function")}
        )
        self.queues = Queues(world, {it.name: _queue(it) for it in mine("Queue")})
        self.bus = Bus(world, self.queues, self.functions, mine("Rule"), self.dynamodb.is_empty)
        self.topics = Topics(world, self.queues, self.functions, mine("Subscription"))
        self.machines = Machines(
            world,
            self.functions,
            self.dynamodb,
            self.bus,
            {it.arn: _definition(it) for it in mine("StateMachine") if it.service in SAGAS},
        )
        self.providers = Providers(world)
        self.secrets = Secrets(world, self.providers, _hosts_by_secret())
        self.sources = [
            source for mapping in mine("EventSourceMapping") if (source := self._source(mapping))
        ]
        self.calls: Mapping[str, Mapping[str, Call]] = {
            "dynamodb": self.dynamodb.operations(),
            "kinesis": self.kinesis.operations(),
            "lambda": self.functions.operations(),
            "sqs": self.queues.operations(),
            "events": self.bus.operations(),
            "sns": self.topics.operations(),
            "states": self.machines.operations(),
            "secretsmanager": self.secrets.operations(),
        }

    def table(self, service: str, name: str) -> Table:
        """A service's table by its logical id."""
        return self.dynamodb.tables[f"{service}-{name}"]

    @property
    def is_idle(self) -> bool:
        """Whether every source has been read to its end, and nothing is under way."""
        return (
            not (self.functions.running or self.machines.running)
            and not (self.bus.under_way or self.topics.under_way)
            and all(source.is_at_end for source in self.sources)
        )

    def _source(self, mapping: Resource) -> LogSource | TableSource | QueueSource | None:
        about = mapping.properties
        function, size = about["FunctionName"], about["BatchSize"]
        arn = about["EventSourceArn"]
        if ":kinesis:" in arn:
            return LogSource(self._world, self.functions, function, size, self.kinesis)
        if ":dynamodb:" in arn:
            stream = self.dynamodb.tables[arn.split("/")[1]].stream
            assert stream is not None
            patterns = [it["Pattern"] for it in about.get("FilterCriteria", {}).get("Filters", ())]
            return TableSource(self._world, self.functions, function, size, stream, arn, patterns)
        queue = self.queues.queues[arn.rpartition(":")[2]]
        most = about["ScalingConfig"]["MaximumConcurrency"]
        return QueueSource(self._world, self.functions, function, size, self.queues, queue, most)


@cache
def _resources() -> Mapping[str, tuple[Resource, ...]]:
    kinds = (
        *("Lambda::Function", "DynamoDB::GlobalTable", "Lambda::EventSourceMapping"),
        *("SQS::Queue", "Events::Rule", "SNS::Subscription", "StepFunctions::StateMachine"),
    )
    return {kind.partition("::")[2]: tuple(dev().of(f"AWS::{kind}")) for kind in kinds}


def _of(kind: str) -> tuple[Resource, ...]:
    return _resources()[kind]


def handlers(services: frozenset[str]) -> list[str]:
    """The handlers of these services' functions, such as ``orders.handlers.relay.handler``."""
    return sorted({it.properties["Handler"] for it in _of("Function") if it.service in services})


def _table(resource: Resource) -> Table:
    about = resource.properties
    view = about.get("StreamSpecification", {}).get("StreamViewType")
    return Table(
        resource.name,
        _key(about["KeySchema"]),
        {it["IndexName"]: _key(it["KeySchema"]) for it in about.get("GlobalSecondaryIndexes", ())},
        Stream(view) if view else None,
    )


def _key(schema: list[dict[str, str]]) -> tuple[str, ...]:
    return tuple(it["AttributeName"] for it in sorted(schema, key=lambda it: it["KeyType"]))


def _function(resource: Resource) -> Function:
    about = resource.properties
    variables = {key: str(value) for key, value in about["Environment"]["Variables"].items()}
    return Function(resource.name, about["Handler"], about["Timeout"], variables)


def _queue(resource: Resource) -> Queue:
    about = resource.properties
    redrive = about.get("RedrivePolicy", {})
    dead_letters = redrive.get("deadLetterTargetArn", "").rpartition(":")[2] or None
    return Queue(
        resource.name,
        resource.arn,
        float(about.get("VisibilityTimeout", 30)),
        dead_letters,
        int(redrive.get("maxReceiveCount", 1_000_000)),
    )


@cache
def _definition_of(resource_arn: str) -> dict[str, Any]:
    resource = next(it for it in _of("StateMachine") if it.arn == resource_arn)
    text = str(resource.properties["DefinitionString"])
    for name, value in resource.properties.get("DefinitionSubstitutions", {}).items():
        text = text.replace(f"${{{name}}}", value)
    definition: dict[str, Any] = json.loads(text)
    return definition


def _definition(resource: Resource) -> dict[str, Any]:
    return _definition_of(resource.arn)


@cache
def _hosts_by_secret() -> Mapping[str, str]:
    """The host of each provider by the secret that has its key, as the worker's variables say."""
    worker = next(it for it in _of("Function") if it.name == "payments-QueuedCommands")
    variables = worker.properties["Environment"]["Variables"]
    return {
        variables["PROVIDER_KEY_SECRET_ARN"]: "payments.example",
        variables["BACKUP_PROVIDER_KEY_SECRET_ARN"]: "backup-payments.example",
    }


@cache
def _documents() -> dict[str, dict[str, Any]]:
    folder = CHECKOUT / "config" / "dev"
    return {path.stem: msgspec.json.decode(path.read_bytes()) for path in folder.glob("*.json")}


class Agent:
    """The AppConfig agent beside each function: git's documents of the dev environment."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._documents = _documents()
        self._before = self._documents

    def change(self) -> None:
        """New payments begin with the other provider, from now on."""
        if not self._world.dice.throw("configuration changed"):
            return
        self._before = self._documents
        payments = self._documents["payments"]
        flag = payments["flags"]["payment-failover"]
        flags = {"payment-failover": {**flag, "enabled": not flag["enabled"]}}
        self._documents = {**self._documents, "payments": {**payments, "flags": flags}}
        self._world.tell("configuration", "payments", json.dumps(flags))

    def connection(self, _host: str, _port: int) -> _AgentConnection:
        """As ``http.client.HTTPConnection`` is made."""
        return _AgentConnection(self._answer)

    def _answer(self, path: str) -> tuple[int, bytes, str]:
        dice = self._world.dice
        if dice.throw("configuration silent"):
            raise ConnectionRefusedError
        _, _, application, _, _, _, profile = path.split("/")
        service = application.partition("-Configuration")[0]
        documents = self._before if dice.throw("configuration stale") else self._documents
        document = documents.get(service, {}).get(profile)
        if document is None:
            return 404, b"", ""
        return 200, msgspec.json.encode(document), "1"


class _AgentConnection:
    def __init__(self, answer: Callable[[str], tuple[int, bytes, str]]) -> None:
        self._ask = answer
        self.status, self._body, version = 0, b"", ""
        self.headers = {"Configuration-Version": version}

    def request(self, _method: str, path: str, **_sent: Mapping[str, str]) -> None:
        self.status, self._body, version = self._ask(path)
        self.headers = {"Configuration-Version": version}

    def getresponse(self) -> _AgentConnection:
        return self

    def read(self, _most: int) -> bytes:
        return self._body

    def close(self) -> None:
        pass
