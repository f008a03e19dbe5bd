"""The catalogue is fresh and complete, and a service's owner is one team wherever it is named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

import pytest

from bundling.sources import LANGUAGE, languages_in, services_in
from contracts import messages
from contracts.product import PRODUCT
from stacks.services import declared
from tests.infra.system import CHECKOUT, System, synthesized
from tools.docgen import codeowners
from tools.docgen.architecture import page as architecture
from tools.docgen.catalogue.document import anchor, document, section_of
from tools.docgen.services import KINDS, Service, plain

PAGE = CHECKOUT / "docs" / "catalogue.md"
OPERATIONS = (CHECKOUT / "docs" / "operations.md").read_text("utf-8")
CODEOWNERS = CHECKOUT / "CODEOWNERS"
TEAM = f"@{PRODUCT}/"


def catalogued(system: System) -> list[Service]:
    return [Service(it.service, it.body) for it in system.templates.values()]


def code_owners() -> dict[str, str]:
    """Team by pattern, as CODEOWNERS has them."""
    lines = [line.split() for line in CODEOWNERS.read_text("utf-8").splitlines()]
    entries = [line for line in lines if line and not line[0].startswith("#")]
    assert all(len(line) == 2 for line in entries), "each path has one owner"
    return {path: owner.removeprefix(TEAM) for path, owner in entries}


def reviewer(path: str, owners: Mapping[str, str]) -> str:
    """Who is asked about a file or folder of the checkout: the last line that fits decides."""
    return [team for pattern, team in owners.items() if fits(path, pattern)][-1]


def fits(path: str, pattern: str) -> bool:
    """Whether a pattern of CODEOWNERS is about a path; ``*`` stays within one folder's name."""
    if pattern == "*":
        return True
    names, wanted = path.strip("/").split("/"), pattern.strip("/").split("/")
    deep_enough = len(names) >= len(wanted) if pattern.endswith("/") else len(names) == len(wanted)
    return deep_enough and all(map(fnmatchcase, names, wanted))


def test_the_page_is_what_make_catalogue_writes() -> None:
    written = document(catalogued(synthesized("dev")), OPERATIONS)
    assert PAGE.read_text("utf-8") == written, "docs/catalogue.md is stale: run `make catalogue`"


def test_the_diagrams_are_what_make_catalogue_draws() -> None:
    drawn = architecture.page(catalogued(synthesized("dev")))
    assert architecture.PAGE.read_text("utf-8") == drawn, (
        "docs/architecture.md is stale: run `make catalogue`"
    )


def test_each_service_is_there_with_all_that_it_owns() -> None:
    sections = dict(re.findall(r"^## ([\w-]+)\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.M | re.S))
    for template in synthesized("dev").templates.values():
        section = sections[template.service]
        for resource in template.resources(*KINDS):
            name = plain(resource.id)
            if "DeadLetters" not in name:
                assert f"`{name.removesuffix('Queue') or name}`" in section, f"{resource}"
        for function in template.resources("AWS::Lambda::Function"):
            assert f"`{plain(function.id)}`" in section, f"{function}"


def test_each_message_has_a_service_that_says_or_takes_it() -> None:
    services = set(synthesized("dev").templates)
    published = messages.published()
    assert published
    for message in published:
        if message.kind != messages.REPLY:
            assert message.owner in services, message


def test_every_route_is_listed_with_its_function() -> None:
    services = {it.name: it for it in catalogued(synthesized("dev"))}
    assert ("POST /v1/orders", "PlaceOrder") in services["orders"].routes()
    for template in synthesized("dev").templates.values():
        methods = [
            it
            for it in template.resources("AWS::ApiGateway::Method")
            if it.properties["HttpMethod"] not in ("OPTIONS", "ANY", "HEAD")
        ]
        assert len(services[template.service].routes()) == len(methods)


def test_an_alarm_leads_to_its_section_and_an_unexplained_one_is_an_error() -> None:
    headings = ["... is behind", "the archive is behind", "executions fail, sagas wait"]
    assert section_of("the archive is behind", headings) == "the archive is behind"
    assert section_of("Relay is behind", headings) == "... is behind"
    assert section_of("sagas wait", headings) == "executions fail, sagas wait"
    assert anchor("executions fail, sagas wait") == "executions-fail-sagas-wait"
    with pytest.raises(LookupError, match="the sky falls"):
        section_of("the sky falls", headings)


def test_codeowners_is_what_make_catalogue_writes() -> None:
    written = codeowners.document(declared(), CHECKOUT)
    assert CODEOWNERS.read_text("utf-8") == written, "CODEOWNERS is stale: run `make catalogue`"


def test_every_service_has_an_owner_in_codeowners_who_is_the_one_of_its_tags(
    system: System,
) -> None:
    owners = code_owners()
    for service in catalogued(system):
        package = service.name.replace("-", "_")
        paths = [f"stacks/{package}.py", f"lambdas/{package}/", f"tests/unit/{package}/"]
        its = [path for path in paths if (CHECKOUT / path).exists()]
        assert its
        assert {path: reviewer(path, owners) for path in its} == dict.fromkeys(its, service.owner)


def test_each_pattern_in_codeowners_fits_something_and_folders_end_with_a_slash() -> None:
    for pattern in code_owners():
        if pattern != "*":
            assert pattern.startswith("/")
            found = list(CHECKOUT.glob(pattern.lstrip("/")))
            assert found, pattern
            assert all(it.is_dir() == pattern.endswith("/") for it in found), pattern


def test_a_pattern_says_what_it_is_about() -> None:
    assert fits("lambdas/orders/domain/order.py", "/lambdas/orders/")
    assert fits("tests/faults/test_saga_silence.py", "/tests/*/test_saga_*.py")
    assert not fits("lambdas/orders_language/events.py", "/lambdas/orders/")
    assert not fits("tests/unit/x/test_saga_silence.py", "/tests/*/test_saga_*.py")


def test_every_folder_of_functions_is_a_declared_services() -> None:
    packages = {it.package for it in declared()}
    assert set(services_in(CHECKOUT / "lambdas")) <= packages
    assert {it.removesuffix(LANGUAGE) for it in languages_in(CHECKOUT / "lambdas")} <= packages
