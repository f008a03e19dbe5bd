"""The whole system: every service that is declared, in the order in which stacks need each other.

A module of this folder that declares a ``SERVICE`` holds one class derived from ``ServiceStack``.
Which stacks come before is what they find of each other: nobody lists it.
"""

import importlib
from collections.abc import Collection, Mapping

from aws_cdk import App
from aws_cdk import Environment as Place

from stacks.constructs.service_card import publish_card
from stacks.constructs.service_dashboard import draw_dashboard
from stacks.constructs.service_stack import ServiceStack
from stacks.services import Service, declared
from stacks.stage import Stage


class NotPublished(Exception):
    """A stack finds what no stack publishes."""


def build(
    app: App, stage: Stage, services: Collection[str] | None = None
) -> dict[str, ServiceStack]:
    """Every stack by its service's name, each after those that it needs.

    ``services`` are the only ones of which a stack is made. Their templates are the same then,
    since stacks know each other by parameters; but what those publish that are not made is not
    looked at, and the assembly does not say that they come before.

    Raises:
        NotPublished: a stack needs another that is not there, or that does not publish what it
            looks for.
    """
    stacks: dict[str, ServiceStack] = {}
    wanted = [it for it in declared() if services is None or it.name in services]
    for service in wanted:
        stack = stack_of(service)
        if stack.is_in(stage):
            place = Place(region=stack.region_in(stage))
            stacks[service.name] = stack(app, stage=stage, env=place)  # type: ignore[call-arg]
    for service in wanted:
        if service.name in stacks:
            publish_card(stacks[service.name], service)
            draw_dashboard(stacks[service.name])
    known = stacks.keys() if services is None else {it.name for it in declared()}
    for each in stacks.values():
        _check(each, stacks, known)
        for name in sorted((each.needs & stacks.keys()) - {each.service}):
            each.add_stack_dependency(stacks[name])
    return _in_order(stacks)


def stack_of(service: Service) -> type[ServiceStack]:
    """The class of a service's stack.

    Raises:
        TypeError: its module has none, or more than one.
    """
    module = importlib.import_module(f"stacks.{service.package}")
    own = [
        it
        for it in vars(module).values()
        if isinstance(it, type)
        and issubclass(it, ServiceStack)
        and it.__module__ == module.__name__
    ]
    if len(own) != 1:
        raise TypeError(f"{module.__name__} must have one ServiceStack, and has {len(own)}")
    return own[0]


def _check(stack: ServiceStack, stacks: Mapping[str, ServiceStack], known: Collection[str]) -> None:
    for name in sorted(stack.needs.difference(known)):
        raise NotPublished(f"{stack.service} needs {name}, and there is no such stack")
    for service, resource in sorted(stack.found):
        if service in stacks and resource not in stacks[service].published:
            raise NotPublished(
                f"{stack.service} finds {resource} of {service}, which publishes "
                f"{', '.join(sorted(stacks[service].published)) or 'nothing'}"
            )


def _in_order(stacks: Mapping[str, ServiceStack]) -> dict[str, ServiceStack]:
    ordered: dict[str, ServiceStack] = {}

    def put(stack: ServiceStack) -> None:
        for name in sorted((stack.needs & stacks.keys()) - {stack.service} - ordered.keys()):
            put(stacks[name])
        ordered[stack.service] = stack

    for stack in stacks.values():
        if stack.service not in ordered:
            put(stack)
    return ordered
