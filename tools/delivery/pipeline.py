"""One service's way to production: a pipeline that starts itself, and undoes what alarms refuse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as actions
from aws_cdk import aws_codestarnotifications as notifications
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from contracts.product import PRODUCT, PRODUCT_TITLE
from stacks.services import Service
from tools.delivery import places
from tools.delivery.foundation import FoundationStack
from tools.delivery.places import PRODUCTION, STAGING, Places

IMAGE = codebuild.LinuxArmBuildImage.AMAZON_LINUX_2023_STANDARD_3_0
"""On the processor for which the functions' packages are made."""
PROFILE = (
    'mkdir -p "$HOME/.aws" && printf "[profile deliver]\\nrole_arn = %s\\n'
    'credential_source = EcsContainer\\n" "$DELIVER_ROLE" > "$HOME/.aws/config"'
)
EVENTS = [
    codepipeline.PipelineNotificationEvents.PIPELINE_EXECUTION_FAILED,
    codepipeline.PipelineNotificationEvents.PIPELINE_EXECUTION_SUPERSEDED,
    codepipeline.PipelineNotificationEvents.MANUAL_APPROVAL_NEEDED,
    codepipeline.PipelineNotificationEvents.MANUAL_APPROVAL_FAILED,
]


class PipelineStack(Stack):
    """Checks, contracts and synthesis, then staging with its tests, an approval, and production.

    A stage works on one merge at a time. A newer one overtakes those that wait before it. The last
    stage deploys and then watches: if either fails, CodePipeline runs it again with what was last
    good there.
    """

    def __init__(
        self,
        scope: Construct,
        service: Service,
        *,
        foundation: FoundationStack,
        delivered: Places,
        paths: Sequence[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(
            scope,
            f"{PRODUCT}-pipeline-{service.name}",
            description=f"{PRODUCT_TITLE}: the pipeline of {service.name}",
            **kwargs,
        )
        self.service = service.name
        self._foundation = foundation
        self._places = delivered
        self._source = codepipeline.Artifact("Source")
        fetch = self._fetch()
        self.pipeline = codepipeline.Pipeline(
            self,
            "Pipeline",
            pipeline_name=f"{PRODUCT}-{service.name}",
            pipeline_type=codepipeline.PipelineType.V2,
            execution_mode=codepipeline.ExecutionMode.SUPERSEDED,
            artifact_bucket=foundation.artifacts,
            role=self._role("Role", places.pipeline_role(service.name), "codepipeline"),
            stages=[
                codepipeline.StageProps(stage_name="Source", actions=[fetch]),
                *self._stages(),
            ],
            triggers=[self._trigger(fetch, paths)],
        )
        self.pipeline.notify_on(
            "Told",
            foundation.told,
            events=EVENTS,
            detail_type=notifications.DetailType.BASIC,
        )

    def _fetch(self) -> actions.CodeStarConnectionsSourceAction:
        return actions.CodeStarConnectionsSourceAction(
            action_name="Fetch",
            connection_arn=self._places.connection_arn,
            owner=self._places.owner,
            repo=self._places.name,
            branch=self._places.branch,
            output=self._source,
            code_build_clone_output=True,  # what a merge affects is told by git
            role=self._action_role,
        )

    def _trigger(
        self, fetch: actions.CodeStarConnectionsSourceAction, paths: Sequence[str]
    ) -> codepipeline.TriggerProps:
        return codepipeline.TriggerProps(
            provider_type=codepipeline.ProviderType.CODE_STAR_SOURCE_CONNECTION,
            git_configuration=codepipeline.GitConfiguration(
                source_action=fetch,
                push_filter=[
                    codepipeline.GitPushFilter(
                        branches_includes=[self._places.branch], file_paths_includes=list(paths)
                    )
                ],
            ),
        )

    def _stages(self) -> list[codepipeline.StageProps]:
        judge = self._project("Judge", None)
        staging = self._project("Staging", STAGING)
        production = self._project("Production", PRODUCTION)
        back = codepipeline.FailureConditions(result=codepipeline.Result.ROLLBACK)
        return [
            self._stage("Checks", self._build("Check", judge, "make check",
                                              "make test-affected BASE=HEAD^")),
            self._stage("Contracts", self._build("Contracts", judge, "make release-contracts",
                                                 "git diff --exit-code", "make config-check")),
            self._stage("Synthesis", self._build("Synth", judge, "make synth ENV=staging",
                                                 "make synth ENV=prod")),
            self._stage("Staging", self._build("Deploy", staging, self._deploy(STAGING)),
                        back=back),
            self._stage("EndToEnd", self._build("Smoke", staging,
                                                f"make smoke ENVIRONMENT={STAGING}")),
            self._stage("Approval", self._approval()),
            self._stage("Production", self._build("Deploy", production, self._deploy(PRODUCTION)),
                        self._canary(), back=back),
        ]  # fmt: skip

    def _deploy(self, stage: str) -> str:
        return f"make deploy ENV={stage} SERVICE={self.service} APPROVE=yes"

    @staticmethod
    def _stage(
        name: str,
        *steps: codepipeline.IAction,
        back: codepipeline.FailureConditions | None = None,
    ) -> codepipeline.StageProps:
        return codepipeline.StageProps(stage_name=name, actions=list(steps), on_failure=back)

    def _build(
        self, name: str, project: codebuild.PipelineProject, *commands: str
    ) -> actions.CodeBuildAction:
        return actions.CodeBuildAction(
            action_name=name,
            project=project,
            input=self._source,
            environment_variables={
                "COMMANDS": codebuild.BuildEnvironmentVariable(value=" && ".join(commands))
            },
            role=self._action_role,
        )

    def _approval(self) -> actions.ManualApprovalAction:
        return actions.ManualApprovalAction(
            action_name="Approve",
            additional_information=f"{self.service} goes to production; staging has passed.",
            notification_topic=self._foundation.told,
            role=self._action_role,
        )

    def _canary(self) -> actions.StepFunctionInvokeAction:
        account = self._places.accounts[PRODUCTION]
        name = places.canary_name(self.service)
        machine = stepfunctions.StateMachine.from_state_machine_arn(
            self,
            "CanaryMachine",
            f"arn:{self.partition}:states:{self._places.region}:{account}:stateMachine:{name}",
        )
        role = iam.Role.from_role_arn(
            self,
            "CanaryRole",
            f"arn:{self.partition}:iam::{account}:role/{places.canary_role(self.service)}",
            mutable=False,
        )
        return actions.StepFunctionInvokeAction(
            action_name="Canary", state_machine=machine, role=role, run_order=2
        )

    @property
    def _action_role(self) -> iam.IRole:
        """One role acts for the pipeline in this account: it starts its projects, no others."""
        found = self.node.try_find_child("ActionRole")
        if isinstance(found, iam.Role):
            return found
        return iam.Role(
            self,
            "ActionRole",
            assumed_by=iam.ArnPrincipal(
                f"arn:{self.partition}:iam::{self.account}:role/"
                f"{places.pipeline_role(self.service)}"
            ),
        )

    def _role(self, id: str, name: str, principal: str) -> iam.Role:
        return iam.Role(
            self,
            id,
            role_name=name,
            assumed_by=iam.ServicePrincipal(f"{principal}.amazonaws.com"),
        )

    def _project(self, id: str, stage: str | None) -> codebuild.PipelineProject:
        """Runs what its action says. One that deploys may assume the service's role there."""
        role = self._role(
            f"{id}Role", places.build_role(self.service, stage or "judge"), "codebuild"
        )
        variables = {}
        before = []
        if stage:
            target = (
                f"arn:{self.partition}:iam::{self._places.accounts[stage]}:role/"
                f"{places.deploy_role(self.service)}"
            )
            role.add_to_policy(iam.PolicyStatement(actions=["sts:AssumeRole"], resources=[target]))
            variables["DELIVER_ROLE"] = codebuild.BuildEnvironmentVariable(value=target)
            variables["AWS_PROFILE"] = codebuild.BuildEnvironmentVariable(value="deliver")
            before = [PROFILE]
        log = logs.LogGroup(
            self,
            f"{id}Log",
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        return codebuild.PipelineProject(
            self,
            id,
            role=role,
            timeout=Duration.hours(2),
            queued_timeout=Duration.hours(2),
            encryption_key=self._foundation.key,
            environment=codebuild.BuildEnvironment(
                build_image=IMAGE, compute_type=codebuild.ComputeType.MEDIUM
            ),
            environment_variables=variables,
            logging=codebuild.LoggingOptions(
                cloud_watch=codebuild.CloudWatchLoggingOptions(log_group=log)
            ),
            build_spec=codebuild.BuildSpec.from_object(
                {
                    "version": "0.2",
                    "phases": {
                        "install": {"runtime-versions": {"python": "3.13", "nodejs": "22"}},
                        "pre_build": {"commands": [*before, "make setup"]},
                        "build": {"commands": ['bash -euc "$COMMANDS"']},
                    },
                }
            ),
        )
