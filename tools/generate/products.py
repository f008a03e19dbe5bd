"""All that is generated: from what, by which command, and how to tell that it is stale.

The order is that of `make generate`. Pages are written from the snapshots of the templates, so that
only these need a synthesis, and a stale page is found without one. tests/infra compares snapshots
and pages with what a synthesis gives.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from contracts.schemas import (
    APIS,
    CURRENT,
    GRAPHS,
    RELEASED,
    RELEASED_APIS,
    RELEASED_GRAPHS,
    documents_in,
    graphs_in,
    schemas_in,
)
from stacks.fulfilment_saga import saga, saga_times
from stacks.releases_machine import release_machine
from stacks.services import declared
from stacks.stage import stage_named
from stacks.system import stack_of
from tools.base.target import ENVIRONMENTS
from tools.base.workspace import CHECKOUT
from tools.checks.contracts.api_compatibility import breaking_api_changes
from tools.checks.contracts.compatibility import breaking_changes
from tools.checks.contracts.graph_compatibility import breaking_graphs
from tools.checks.contracts.release import release, release_apis, release_graphs
from tools.checks.permissions import exercised
from tools.containers import proto
from tools.containers.environment import ContainerToolsError
from tools.docgen import (
    api_page,
    asyncapi,
    configuration_page,
    graphql_page,
    parity_document,
    permissions_page,
)
from tools.docgen.architecture import page as architecture
from tools.docgen.catalogue import files as catalogue
from tools.docgen.openapi import files as openapi
from tools.docgen.pictures import release as release_picture
from tools.docgen.pictures.state_machine import draw, layout
from tools.docgen.services import Service
from tools.emulator import parity
from tools.generate import snapshots, synthesis
from tools.measure.costs import figures, open_console

SAGA_PICTURE = CHECKOUT / "docs" / "saga.svg"
SAGA_LAYOUT = CHECKOUT / "web" / "src" / "pictures" / "saga.json"


class NotGenerated(Exception):
    """Something could not be generated; the message says what to do."""


@dataclass(frozen=True)
class Product:
    """Files that one step of `make generate` writes.

    Attributes:
        command: writes it alone.
        patterns: its files, below the checkout.
        write: writes it. Raises NotGenerated.
        is_fresh: judges it without a synthesis; raises LookupError for what no page can say.
    """

    name: str
    command: str
    patterns: tuple[str, ...]
    write: Callable[[], None]
    is_fresh: Callable[[], bool]

    def files(self, checkout: Path) -> Iterator[Path]:
        for pattern in self.patterns:
            yield from checkout.glob(pattern)


def _write_contracts() -> None:
    _refuse(release())


def _write_asyncapi() -> None:
    asyncapi.FILE.write_text(asyncapi.text(), "utf-8")


def _write_apis() -> None:
    openapi.write(_snapshots())
    _refuse(release_apis())


def _refuse(changes: list[str]) -> None:
    if changes:
        raise NotGenerated(
            "\n".join(
                [
                    *changes,
                    "no contract was released: give each changed schema or route a new version, so "
                    "that those who rely on the old one still can",
                ]
            )
        )


def _contracts_are_released() -> bool:
    released, current = schemas_in(RELEASED), schemas_in(CURRENT)
    return not breaking_changes(released, current) and current.items() <= released.items()


def _graphs_are_released() -> bool:
    """Raises LookupError: what breaks callers is said, since no command mends it."""
    released, current = graphs_in(RELEASED_GRAPHS), graphs_in(GRAPHS)
    if changes := breaking_graphs(released, current):
        raise LookupError("; ".join(changes))
    return current == released


def _write_released_proto() -> None:
    try:
        _refuse(proto.release())
    except ContainerToolsError as refused:
        raise NotGenerated("\n".join([str(refused), *refused.evidence])) from refused


def _write_api_page() -> None:
    api_page.PAGE.write_text(api_page.page(), "utf-8")


def _apis_are_fresh() -> bool:
    """Raises LookupError: what breaks callers is said, since no command mends it."""
    released, current = documents_in(RELEASED_APIS), documents_in(APIS)
    if changes := breaking_api_changes(released, current):
        raise LookupError("; ".join(changes))
    return openapi.are_fresh(_snapshots()) and current.items() <= released.items()


def _write_snapshots() -> None:
    write_snapshots()
    snapshots.remember()


def write_snapshots(services: Collection[str] | None = None) -> None:
    """Write all of them, or those of some services.

    Raises:
        NotGenerated: the templates cannot be synthesized.
    """
    try:
        snapshots.write(synthesis.of_all(services), services)
    except synthesis.NotSynthesized as refused:
        raise NotGenerated(f"the templates cannot be synthesized:\n{refused}") from refused


def _write_saga_picture() -> None:
    SAGA_PICTURE.write_text(_saga_picture(), "utf-8")
    SAGA_LAYOUT.write_text(_saga_layout(), "utf-8")


def _saga_picture() -> str:
    return draw(saga(saga_times(stage_named("dev", "local", "eu-west-1"))))


def _saga_layout() -> str:
    """The same picture for the console, which colours it for an order."""
    definition = saga(saga_times(stage_named("dev", "local", "eu-west-1")))
    return f"{json.dumps(layout(definition), separators=(',', ':'))}\n"


def _write_bill() -> None:
    """From the snapshots, which have just been written."""
    figures.FILE.write_text(bill(in_containers()), "utf-8")


def bill(in_containers: Iterable[str]) -> str:
    """The figures of the console's bill, of every environment."""
    return figures.text({it: snapshots.of(it) for it in ENVIRONMENTS}, in_containers)


def in_containers() -> list[str]:
    """Services that are there only where somebody asks for containers."""
    bare = stage_named("dev", "cloud", "eu-west-1")
    asked = replace(bare, containers=True)
    stacks = {it.name: stack_of(it) for it in declared()}
    return [name for name, it in stacks.items() if it.is_in(asked) and not it.is_in(bare)]


def _write_release_picture() -> None:
    release_picture.PAGE.write_text(release_picture.page(release_machine()), "utf-8")


def _catalogue_is_fresh() -> bool:
    page, owners = catalogue.PAGE.read_text("utf-8"), catalogue.CODEOWNERS.read_text("utf-8")
    return page == catalogue.page(_snapshots()) and owners == catalogue.owners()


def _configuration_page_is_fresh() -> bool:
    _, _, text = configuration_page.PAGE.read_text("utf-8").partition(configuration_page.MARK)
    return text == configuration_page.listed(_snapshots())


def _parity_is_fresh() -> bool:
    found = [*snapshots.of_dev().items(), *snapshots.in_other_environments()]
    expected = parity_document.document(parity.ledger(), parity_document.uses_of(found))
    return parity_document.DOCUMENT.read_text("utf-8") == expected


def _exercised() -> permissions_page.Exercised:
    recorded, grants = exercised.read()
    named = {(it.role, it.action, it.resource) for it in grants}
    return permissions_page.Exercised(recorded.isoformat(), named)


def _write_parity() -> None:
    """From the snapshots, which have just been written: they have every environment's resources."""
    found = [*snapshots.of_dev().items(), *snapshots.in_other_environments()]
    parity_document.write(found)


def _snapshots() -> list[Service]:
    return [Service(service, template) for service, template in snapshots.of_dev().items()]


SNAPSHOTS = Product(
    "snapshots of the templates",
    "CDK_VALIDATION=false make snapshots",
    (f"{snapshots.FOLDER.as_posix()}/*.json",),
    _write_snapshots,
    snapshots.are_of_this_code,
)
PRODUCTS = (
    Product(
        "released contracts",
        "make release-contracts",
        ("contracts/released/*.json",),
        _write_contracts,
        _contracts_are_released,
    ),
    Product(
        "contract of the messages",
        "make generate",
        ("contracts/asyncapi.json",),
        _write_asyncapi,
        lambda: asyncapi.FILE.read_text("utf-8") == asyncapi.text(),
    ),
    Product(
        "released GraphQL schema",
        "make release-contracts",
        ("contracts/released/graphql/*.graphql",),
        lambda: _refuse(release_graphs()),
        _graphs_are_released,
    ),
    Product(
        "contracts of gRPC services",
        "make generate",
        ("contracts/released/proto/**/*.proto",),
        _write_released_proto,
        proto.is_fresh,
    ),
    SNAPSHOTS,
    Product(
        "contracts of the APIs",
        "make generate",
        ("contracts/openapi/*.json", "contracts/released/openapi/*.json"),
        _write_apis,
        _apis_are_fresh,
    ),
    Product(
        "page and types of GraphQL",
        "make generate",
        ("docs/graphql.md", "contracts/graphql/orders.ts"),
        graphql_page.write,
        graphql_page.are_fresh,
    ),
    Product(
        "page of the APIs",
        "make generate",
        ("docs/api.md",),
        _write_api_page,
        lambda: api_page.PAGE.read_text("utf-8") == api_page.page(),
    ),
    Product(
        "catalogue and CODEOWNERS",
        "make catalogue",
        ("docs/catalogue.md", "CODEOWNERS"),
        lambda: catalogue.write(_snapshots()),
        _catalogue_is_fresh,
    ),
    Product(
        "diagrams of the architecture",
        "make catalogue",
        ("docs/architecture.md",),
        lambda: architecture.write(_snapshots()),
        lambda: architecture.PAGE.read_text("utf-8") == architecture.page(_snapshots()),
    ),
    Product(
        "configuration page",
        "make configuration-page",
        ("docs/configuration.md",),
        lambda: configuration_page.write(_snapshots()),
        _configuration_page_is_fresh,
    ),
    Product(
        "page of the permissions",
        "make generate",
        ("docs/permissions.md",),
        lambda: permissions_page.write(_snapshots(), _exercised()),
        lambda: (
            permissions_page.PAGE.read_text("utf-8")
            == permissions_page.page(_snapshots(), _exercised())
        ),
    ),
    Product(
        "parity page",
        "make parity",
        ("docs/parity.md",),
        _write_parity,
        _parity_is_fresh,
    ),
    Product(
        "picture of the saga",
        "make generate",
        ("docs/saga.svg", "web/src/pictures/saga.json"),
        _write_saga_picture,
        lambda: (
            SAGA_PICTURE.read_text("utf-8") == _saga_picture()
            and SAGA_LAYOUT.read_text("utf-8") == _saga_layout()
        ),
    ),
    Product(
        "figures of the console's bill",
        "make generate",
        ("web/src/figures/bill.json",),
        _write_bill,
        lambda: figures.FILE.read_text("utf-8") == bill(figures.in_containers()),
    ),
    Product(
        "what an open console asks",
        "make generate",
        ("docs/costs.md",),
        open_console.write,
        open_console.is_fresh,
    ),
    Product(
        "picture of a release",
        "make generate",
        ("docs/release.md",),
        _write_release_picture,
        lambda: release_picture.PAGE.read_text("utf-8") == release_picture.page(release_machine()),
    ),
)
