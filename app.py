"""The CDK app: ``cdk synth`` and ``cdk deploy`` begin here."""

import sys

from aws_cdk import App, Validations

from stacks.partitions import NotInThisRegion
from stacks.stage import from_context
from stacks.system import build
from tools.base import region

app = App()
try:
    stage = from_context(app, region=region.of_context(app.node.get_context("region")))
    build(app, stage)
except (NotInThisRegion, region.RegionUnclear) as refused:
    sys.exit(f"synth: {refused}")
if stage.target == "cloud":
    from cdk_nag import AwsSolutionsChecks, ServerlessChecks  # costs the inner loop 0.25 s

    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
app.synth()
