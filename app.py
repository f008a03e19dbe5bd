"""The CDK app: ``cdk synth`` and ``cdk deploy`` begin here."""

import sys

from aws_cdk import App, Environment, Validations

import region
from stacks.environment import environment
from stacks.system import build

app = App()
try:
    region.of_context(app.node.get_context("region"))
except region.RegionUnclear as unclear:
    sys.exit(f"synth: {unclear}")
settings = environment(
    name=app.node.get_context("environment"),
    target=app.node.try_get_context("target") or "cloud",
)
build(app, settings, env=Environment(region=app.node.get_context("region")))
if settings.target == "cloud":
    from cdk_nag import AwsSolutionsChecks, ServerlessChecks  # costs the inner loop 0.25 s

    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
app.synth()
