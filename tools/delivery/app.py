"""The CDK app of the pipelines, apart from the system's: ``make pipelines`` synthesizes it."""

from __future__ import annotations

from collections.abc import Iterable

from aws_cdk import App, Environment, Stack, Tags

from contracts.product import PRODUCT
from stacks.services import Service
from tools.delivery.budget import REGION, BudgetStack
from tools.delivery.filters import delivered, filters
from tools.delivery.foundation import FoundationStack
from tools.delivery.github import GitHubStack
from tools.delivery.pipeline import PipelineStack
from tools.delivery.places import STAGES, Places, read
from tools.delivery.target import TargetStack
from tools.delivery.wildcards import accept


def build(
    app: App,
    places: Places,
    paths: dict[str, list[str]],
    services: Iterable[Service] | None = None,
) -> list[Stack]:
    """Every stack: what pipelines share, a pipeline for each service, and each stage's account."""
    chosen = list(services or delivered())
    tools = Environment(account=places.accounts["tools"], region=places.region)
    foundation = FoundationStack(app, env=tools)
    stacks: list[Stack] = [foundation]
    for service in chosen:
        stacks.append(
            PipelineStack(
                app,
                service,
                foundation=foundation,
                delivered=places,
                paths=paths[service.name],
                env=tools,
            )
        )
    for stage in STAGES:
        there = Environment(account=places.accounts[stage], region=places.region)
        stacks.append(TargetStack(app, stage, chosen, delivered=places, env=there))
        stacks.append(GitHubStack(app, stage, delivered=places, env=there))
        everywhere = Environment(account=places.accounts[stage], region=REGION)
        stacks.append(BudgetStack(app, stage, amount=places.budgets[stage], env=everywhere))
    for stack in stacks:
        Tags.of(stack).add("system", PRODUCT)
        Tags.of(stack).add("service", "delivery")
    return stacks


def main() -> None:
    """Synthesize it with cdk-nag."""
    from aws_cdk import Validations
    from cdk_nag import AwsSolutionsChecks

    app = App()
    stacks = build(app, read(), filters())
    app.synth()  # what stacks have of each other is written out by this
    for stack in stacks:
        accept(stack)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth(force=True)


if __name__ == "__main__":
    main()
