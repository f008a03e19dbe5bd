"""`make configuration-page`: writes the list of all values into docs/configuration.md."""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

import msgspec

from contracts.product import PRODUCT
from shared.event_sourcing import environment as event_sourcing_environment
from shared.messaging import redrive_queues
from shared.read_models import environment as read_models_environment
from shared.runtime import configuration as shared_configuration
from shared.runtime import configuration_shown as shared_configuration_shown
from stacks.services import shortened
from tools.base.templates import EVERYTHING, templates
from tools.configuration import services, values
from tools.configuration.documents import CHECKOUT
from tools.configuration.values import Value
from tools.docgen.services import Service, plain, services_of

PAGE = CHECKOUT / "docs" / "configuration.md"
MARK = "<!-- What follows is written by `make configuration-page` from the code. -->\n"
ENVIRONMENT = "dev"
BY_THE_PLATFORM = {
    "SERVICE": Value(
        "SERVICE", "text", values.REQUIRED, "The service's name, for log and metrics."
    ),
    "METRIC_NAMESPACE": Value(
        "METRIC_NAMESPACE",
        "text",
        values.REQUIRED,
        "The product and the environment: the namespace of its metrics in CloudWatch.",
    ),
    "TRACE_SHARE": Value(
        "TRACE_SHARE",
        "number",
        "1",
        "How many of all traces are sampled, from 0 to 1; each trace's id decides.",
    ),
    "WEB_ORIGIN": Value(
        "WEB_ORIGIN",
        "text",
        "none",
        "From where the shop's web app is served: its scripts may read the API's answers.",
    ),
    "OWN_CLIENT_ID": Value(
        "OWN_CLIENT_ID",
        "text",
        "none",
        "The machine client of the service for partners: its requests are part of the trace that "
        "they name, anybody else's begin one.",
    ),
    "AWS_APPCONFIG_EXTENSION_PREFETCH_LIST": Value(
        "AWS_APPCONFIG_EXTENSION_PREFETCH_LIST",
        "text",
        "none",
        "The documents that the AppConfig agent fetches while the function starts.",
    ),
}
"""Variables that no class has."""
_ROLE = re.compile(rf"role/({PRODUCT}-{ENVIRONMENT}-[a-z]+(?:-[a-z]+)+-\d-)([\w*-]+)")


def main() -> int:
    """Write the list as the templates of dev have it."""
    os.environ["CDK_VALIDATION"] = "false"  # the rules have their own tests
    write(services_of(templates(ENVIRONMENT, EVERYTHING)))
    sys.stdout.write("docs/configuration.md is written.\n")
    return 0


def write(found: Iterable[Service]) -> None:
    """Write the list; what is above it stays."""
    by_hand, mark, _ = PAGE.read_text("utf-8").partition(MARK)
    PAGE.write_text(by_hand + (mark or MARK) + listed(found), "utf-8")


def listed(found: Iterable[Service]) -> str:
    """Every value of every service, as Markdown.

    Raises:
        LookupError: a value's type or meaning is written down nowhere.
    """
    services = sorted(found, key=lambda it: it.name)
    return "\n".join(section for it in services if (section := _section(it)))


def _section(service: Service) -> str:
    parts = []
    if rows := list(_variables(service)):
        heads = ("environment variable", "type", "default", "meaning", "functions")
        parts.append(_table(heads, rows))
    if configured := services.configured().get(service.name):
        for profile in configured.profiles:
            found = values.dynamic(profile)
            parts.append(
                _table(
                    (f"changes while it runs: {profile.name}", "type", "default", "meaning"),
                    [(f"`{it.name}`", it.type, it.default, it.meaning) for it in found],
                )
            )
            parts.append(
                f"A process that starts without a source: {profile.without_source.value}.\n"
            )
    if rows := list(_secrets(service)):
        parts.append(_table(("secret", "what it is", "replaced", "read by"), rows))
    return (
        "\n".join([f"### {service.name}\n", f"Owner: {service.owner}.\n", *parts]) if parts else ""
    )


def _variables(service: Service) -> Iterator[tuple[str, ...]]:
    """Each variable that a template gives to one of the service's functions."""
    given: dict[str, list[str]] = {}
    for id, function in _resources(service, "AWS::Lambda::Function"):
        for name in function.get("Environment", {}).get("Variables", {}):
            given.setdefault(name, []).append(plain(id))
    known = _read_by_code(service)
    for name, functions in sorted(given.items()):
        if name not in known:
            raise LookupError(
                f"{service.name} has the variable {name}, and no description says what it is for"
            )
        it = known[name]
        everybody = len(functions) == len(service.functions())
        whose = "all" if everybody else ", ".join(f"`{it}`" for it in functions)
        yield f"`{it.name}`", it.type, it.default, it.meaning, whose


def _read_by_code(service: Service) -> dict[str, Value]:
    package = service.name.replace("-", "_")
    found = dict(BY_THE_PLATFORM)
    modules: list[ModuleType] = [
        shared_configuration,
        shared_configuration_shown,
        read_models_environment,
        event_sourcing_environment,
        redrive_queues,
    ]
    if (CHECKOUT / "lambdas" / package / "environment.py").exists():
        modules.append(importlib.import_module(f"{package}.environment"))
    for module in modules:
        for struct in vars(module).values():
            if _is_environment(struct) and struct.__module__ == module.__name__:
                found |= {it.name: it for it in values.variables(struct)}
    return found


def _is_environment(struct: Any) -> bool:
    return (
        isinstance(struct, type)
        and issubclass(struct, msgspec.Struct)
        and struct.__name__.endswith("Environment")
    )


def _secrets(service: Service) -> Iterator[tuple[str, ...]]:
    for id, secret in _resources(service, "AWS::SecretsManager::Secret"):
        days = "by hand"
        readers: list[str] = []
        for _, schedule in _resources(service, "AWS::SecretsManager::RotationSchedule"):
            if f'"{id}"' in json.dumps(schedule["SecretId"]):
                every = schedule["RotationRules"]["AutomaticallyAfterDays"]
                days = f"every {every} days, by `{_rotated_by(schedule)}`"
        for _, policy in _resources(service, "AWS::SecretsManager::ResourcePolicy"):
            if f'"{id}"' in json.dumps(policy["SecretId"]):
                for prefix, name in _ROLE.findall(json.dumps(policy["ResourcePolicy"])):
                    readers.append(_in_full(service, prefix, name))
        whose = ", ".join(f"`{it}`" for it in readers)
        yield f"`{plain(id).removesuffix('Secret')}`", secret["Description"], days, whose


def _in_full(service: Service, prefix: str, name: str) -> str:
    """Whose role it is; a long name is cut off, unless the product's name is short."""
    whole = (
        f"{service.name}-{plain(id)}" for id, _ in _resources(service, "AWS::Lambda::Function")
    )
    return next((it for it in whole if shortened(prefix + it) == prefix + name), name)


def _rotated_by(schedule: Mapping[str, Any]) -> str:
    return plain(str(schedule["RotationLambdaARN"]["Fn::GetAtt"][0]))


def _resources(service: Service, type: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for id, resource in sorted(service.template["Resources"].items()):
        if resource["Type"] == type:
            yield id, resource["Properties"]


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(
        "| " + " | ".join(it.replace("|", "\\|") for it in row) + " |\n" for row in lines
    )


if __name__ == "__main__":
    sys.exit(main())
