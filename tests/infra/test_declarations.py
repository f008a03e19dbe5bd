"""What a service declares is what its template has, and what is not declared follows from it."""

from __future__ import annotations

import pytest
from aws_cdk import App

from bundling.workspace import unbuilt
from stacks.constructs.service_stack import ServiceStack
from stacks.orders import OrdersStack
from stacks.sales import SalesStack
from stacks.services import declared
from stacks.stage import Stage, stage_named
from stacks.system import NotPublished, build
from tests.infra.system import CONTEXT, PARAMETER, System, synthesized
from tools.configuration.services import configured

DEV = stage_named("dev", "cloud", CONTEXT["region"])
FEW = {"audit", "event-log", "orders", "sales"}
"""Services of which the first needs the others."""


def published(system: System, service: str, ending: str) -> set[str]:
    """The resources of this kind that a service publishes."""
    names = {it.properties["Name"] for it in system.templates[service].resources(PARAMETER)}
    return {it.rpartition("/")[2] for it in names if it.endswith(ending)}


def test_operators_can_redrive_and_rebuild_what_is_declared_and_nothing_else() -> None:
    system = synthesized("prod")
    for service in declared():
        for resource, names in (
            ("redrive-arn", (*service.views, *service.consumers)),
            ("rebuild-arn", service.views),
            ("rebuild-machine-arn", service.views),
        ):
            expected = {service.parameter_of(name, resource) for name in names}
            assert published(system, service.name, resource) == expected


def test_a_service_has_a_place_for_configuration_if_its_code_reads_one() -> None:
    applications = synthesized("dev").resources("AWS::AppConfig::Application")
    assert {it.template.service for it in applications} == configured().keys()


def test_every_declared_service_is_in_production(system: System) -> None:
    assert synthesized("prod").templates.keys() == {it.name for it in declared()}
    assert system.templates.keys() <= {it.name for it in declared()}


@pytest.mark.parametrize(
    ("needed", "complaint"),
    [
        (("refunds", "paid-arn"), "sales needs refunds, and there is no such stack"),
        (("orders", "reed-events-arn"), "sales finds reed-events-arn of orders, which publishes"),
    ],
)
def test_a_stack_that_finds_what_nobody_publishes_is_refused(
    needed: tuple[str, str], complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotPublished, match=complaint):
        build_with(monkeypatch, SalesStack, needed)


def test_each_stack_is_made_after_those_that_it_needs() -> None:
    with unbuilt():
        made = build(App(context=CONTEXT), DEV, FEW)
    before: set[str] = set()
    for name, stack in made.items():
        assert (stack.needs & made.keys()) - {name} <= before, name
        before.add(name)
    assert before == FEW
    assert made["sales"].needs == {"orders", "event-log"}


def test_two_stacks_that_find_something_of_each_other_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(RuntimeError, match=r"cyclic|circular"):
        build_with(monkeypatch, OrdersStack, ("sales", "sales-by-day-arn"))


def build_with(
    monkeypatch: pytest.MonkeyPatch, stack: type[ServiceStack], needed: tuple[str, str]
) -> dict[str, ServiceStack]:
    """A part of the system in which one stack looks for one thing more."""
    make = stack.__init__

    def made(self: ServiceStack, scope: App, *, stage: Stage, **more: object) -> None:
        make(self, scope, stage=stage, **more)  # type: ignore[arg-type]
        self.find(*needed)

    monkeypatch.setattr(stack, "__init__", made)
    with unbuilt():
        return build(App(context=CONTEXT), DEV, FEW)
