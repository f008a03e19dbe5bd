"""A service's configuration that changes while it runs: AppConfig, and who may read it.

A stack makes the places: application, environment, profiles, validators, strategies. Documents are
deployed by ``make config-apply`` alone, so that code and configuration deploy apart.
"""

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import aws_appconfig as appconfig
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from constructs import Construct

from contracts.product import PRODUCT
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.alarms import alarm_when_counted
from stacks.constructs.configuration_agent import agent_layer, agent_url, poll_seconds
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_stack import ServiceStack

SCHEMAS = Path(__file__).parents[2] / "config" / "schemas"
MOST_MONITORS = 5
"""AppConfig watches no more alarms for an environment."""
SETTINGS = "settings"
FLAGS = "flags"
READ = ("appconfig:StartConfigurationSession", "appconfig:GetLatestConfiguration")


class ServiceConfiguration(Construct):
    """The AppConfig application of one service, since an environment admits one deployment a time.

    ``monitors`` are alarms of the service that roll a deployment back; one more is made here, for
    documents that a consumer refuses. ``flags`` is whether the service has feature flags. The
    syntax of settings is ``config/schemas/{service}.settings.schema.json``; the meaning of both is
    judged by the service's handler ``validate_configuration``.

    Published for ``config-apply``: ``configuration-application-id``, ``-environment-id``,
    ``-settings-profile-id``, ``-flags-profile-id``, and the strategies ``-at-once-strategy-id``,
    ``-watched-strategy-id`` and ``-strategy-id``, which is the environment's own choice. For
    operators that only look: ``show-configuration-arn``; for those that stop a rollout:
    ``change-configuration-arn``.
    """

    def __init__(
        self,
        stack: ServiceStack,
        *,
        monitors: Sequence[cloudwatch.Alarm] = (),
        flags: bool = False,
    ) -> None:
        super().__init__(stack, "Configuration")
        self._stack = stack
        self._application = appconfig.CfnApplication(
            self,
            "Application",
            name=f"{PRODUCT}-{stack.stage.name}-{stack.service}",
            description=f"What changes in {stack.service} while it runs",
        )
        self._publish("application", self._application.ref)
        watching = [*monitors, self._refusals()]
        self._watch(watching)
        self._profiles = self._make_profiles(flags)
        self._make_strategies()
        self._show(watching)
        self._stop()

    def read_by(self, function: MicroserviceFunction) -> None:
        """Give a function the agent, the way to it, and the right to this configuration alone."""
        for name, value in {
            **self.variables(agent_url(self), poll_seconds(self)),
            # The agent fetches them while the function starts.
            "AWS_APPCONFIG_EXTENSION_PREFETCH_LIST": self.prefetched,
        }.items():
            function.add_environment(name, value)
        function.add_layers(agent_layer(self._stack))
        grant(function, *READ, on=self.arns)

    def variables(self, agent: str, poll: str) -> dict[str, str]:
        """What a reader is told: the address of its agent, and every how many seconds to ask."""
        return {
            "CONFIGURATION_AGENT_URL": agent,
            "CONFIGURATION_APPLICATION": self._application.ref,
            "CONFIGURATION_ENVIRONMENT": self._environment.ref,
            "CONFIGURATION_POLL_SECONDS": poll,
        }

    @property
    def prefetched(self) -> str:
        """The documents that an agent fetches when it starts."""
        application, environment = self._application.ref, self._environment.ref
        path = f"/applications/{application}/environments/{environment}/configurations"
        return ",".join(f"{path}/{name}" for name in self._profiles)

    @property
    def arns(self) -> list[str]:
        """What a reader may read."""
        at = f"{self._application.ref}/environment/{self._environment.ref}/configuration"
        return [
            self._stack.format_arn(
                service="appconfig", resource="application", resource_name=f"{at}/{id}"
            )
            for id in self._profiles.values()
        ]

    def _refusals(self) -> cloudwatch.Alarm:
        """A document that a consumer refuses must not go any further."""
        return alarm_when_counted(
            self,
            "Refused",
            metric_name="ConfigurationRefused",
            what="a consumer refuses the deployed configuration",
        )

    def _watch(self, alarms: Sequence[cloudwatch.Alarm]) -> None:
        if len(alarms) > MOST_MONITORS:
            raise ValueError(f"AppConfig watches {MOST_MONITORS} alarms at most: {len(alarms)}")
        role = iam.Role(
            self,
            "MonitorRole",
            description="Lets AppConfig look at alarms while it deploys",
            # No condition on the caller's account: AppConfig takes a role of its own account only,
            # and does not promise to say for whom it assumes one.
            assumed_by=iam.ServicePrincipal("appconfig.amazonaws.com"),
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["cloudwatch:DescribeAlarms"],
                resources=[self._stack.format_arn(service="cloudwatch", resource="alarm:*")],
            )
        )
        acknowledge(
            role,
            "AppConfig asks for alarms as a list, which CloudWatch allows for all alarms or none; "
            "it reads their state and nothing else.",
            f"AwsSolutions-IAM5[Resource::arn:{self._stack.partition}:cloudwatch:"
            f"{self._stack.region}:"
            "<AWS::AccountId>:alarm:*]",
        )
        self._environment = appconfig.CfnEnvironment(
            self,
            "Environment",
            application_id=self._application.ref,
            name=self._stack.stage.name,
            monitors=[
                appconfig.CfnEnvironment.MonitorsProperty(
                    alarm_arn=alarm.alarm_arn, alarm_role_arn=role.role_arn
                )
                for alarm in alarms
            ],
        )
        self._publish("environment", self._environment.ref)

    def _make_profiles(self, flags: bool) -> dict[str, str]:
        self._judge = judge = MicroserviceFunction(
            self._stack,
            "ValidateConfiguration",
            handler="validate_configuration",
            description="Judges a configuration before it is deployed",
        )
        judge.add_permission(
            "ByAppConfig",
            principal=iam.ServicePrincipal("appconfig.amazonaws.com"),
            source_account=self._stack.account,
        )
        meaning = appconfig.CfnConfigurationProfile.ValidatorsProperty(
            type="LAMBDA", content=judge.function_arn
        )
        syntax = appconfig.CfnConfigurationProfile.ValidatorsProperty(
            type="JSON_SCHEMA",
            content=(SCHEMAS / f"{self._stack.service}.settings.schema.json").read_text(),
        )
        profiles = {SETTINGS: self._profile(SETTINGS, "AWS.Freeform", [syntax, meaning])}
        if flags:
            # AppConfig admits no schema of ours here: it holds flags to the attributes'
            # constraints that the document itself declares.
            profiles[FLAGS] = self._profile(FLAGS, "AWS.AppConfig.FeatureFlags", [meaning])
        return profiles

    def _profile(
        self,
        name: str,
        type: str,
        validators: Sequence[appconfig.CfnConfigurationProfile.ValidatorsProperty],
    ) -> str:
        profile = appconfig.CfnConfigurationProfile(
            self,
            name.capitalize(),
            application_id=self._application.ref,
            name=name,
            location_uri="hosted",
            type=type,
            validators=list(validators),
        )
        self._publish(f"{name}-profile", profile.ref)
        id: str = profile.ref
        return id

    def _make_strategies(self) -> None:
        """``at-once`` shows at once what it does; ``watched`` leaves alarms the time to speak."""
        stage = self._stack.stage
        self._strategies: dict[str, str] = {}
        at_once = self._strategy("at-once", minutes=0, growth=100, bake_minutes=0)
        watched = self._strategy(
            "watched",
            minutes=stage.rollout_minutes,
            growth=20,
            bake_minutes=stage.bake_minutes,
        )
        self._publish("strategy", watched if stage.watches_rollouts else at_once)

    def _strategy(self, name: str, *, minutes: int, growth: int, bake_minutes: int) -> str:
        strategy = appconfig.CfnDeploymentStrategy(
            self,
            name.title().replace("-", ""),
            name=f"{PRODUCT}-{self._stack.stage.name}-{self._stack.service}-{name}",
            growth_type="LINEAR",
            growth_factor=growth,
            deployment_duration_in_minutes=minutes,
            final_bake_time_in_minutes=bake_minutes,
            replicate_to="NONE",
        )
        self._publish(f"{name}-strategy", strategy.ref)
        id: str = strategy.ref
        self._strategies[id] = name
        return id

    def _show(self, watching: Sequence[cloudwatch.Alarm]) -> None:
        """Versions, deployments, and what the validator refused: to look at, and no more."""
        application, environment = self._application.ref, self._environment.ref
        stack = self._stack
        logs = self._judge.log_group
        show = MicroserviceFunction(
            stack,
            "ShowConfiguration",
            handler="show_configuration",
            description="For operators that only look: the configuration, and its rollouts",
            environment={
                "CONFIGURATION_APPLICATION": application,
                "CONFIGURATION_ENVIRONMENT": environment,
                "CONFIGURATION_PROFILES": stack.to_json_string(self._profiles),
                "CONFIGURATION_STRATEGIES": stack.to_json_string(self._strategies),
                "CONFIGURATION_MONITORS": stack.to_json_string([it.alarm_arn for it in watching]),
                "VALIDATOR_LOGS": logs.log_group_name,
            },
        )
        deployments = self._places("", f"/environment/{environment}", "/deployment/*")
        grant(show, "appconfig:GetDeployment", on=deployments)
        grant(show, "appconfig:ListDeployments", on=deployments[:-1])
        for id in self._profiles.values():
            versions = self._places(
                "", f"/configurationprofile/{id}", "/hostedconfigurationversion/*"
            )
            grant(show, "appconfig:GetHostedConfigurationVersion", on=versions)
            grant(show, "appconfig:ListHostedConfigurationVersions", on=versions[:-1])
        grant(show, "logs:FilterLogEvents", on=logs.log_group_arn)
        self._acknowledge(
            show,
            f"/environment/{self._place_of(environment)}/deployment/*",
            *(
                f"/configurationprofile/{self._place_of(id)}/hostedconfigurationversion/*"
                for id in self._profiles.values()
            ),
        )
        stack.publish("show-configuration-arn", show.function_arn)

    def _stop(self) -> None:
        """A rollout is stopped by an operator, if no alarm does it."""
        stop = MicroserviceFunction(
            self._stack,
            "ChangeConfiguration",
            handler="change_configuration",
            description="For operators: stops a rollout of the configuration",
            environment={
                "CONFIGURATION_APPLICATION": self._application.ref,
                "CONFIGURATION_ENVIRONMENT": self._environment.ref,
            },
        )
        grant(
            stop,
            "appconfig:GetDeployment",
            "appconfig:StopDeployment",
            on=self._places("", f"/environment/{self._environment.ref}", "/deployment/*"),
        )
        self._acknowledge(
            stop, f"/environment/{self._place_of(self._environment.ref)}/deployment/*"
        )
        self._stack.publish("change-configuration-arn", stop.function_arn)

    def _place_of(self, ref: str) -> str:
        """How an acknowledgment names a resource of this stack."""
        return f"<{self._stack.resolve(ref)['Ref']}>"

    def _acknowledge(self, function: MicroserviceFunction, *below: str) -> None:
        assert function.role
        application = self._place_of(self._application.ref)
        acknowledge(
            function.role,
            "Deployments and versions are numbered while the system runs: those of this service's "
            "own application may be looked at, and its rollouts stopped.",
            *(
                f"AwsSolutions-IAM5[Resource::arn:{self._stack.partition}:appconfig:"
                f"{self._stack.region}:<AWS::AccountId>:application/{application}{it}]"
                for it in below
            ),
        )

    def _places(self, *parts: str) -> list[str]:
        """Application, what is in it, and what is in that: AppConfig asks for each by itself."""
        names = [f"{self._application.ref}{''.join(parts[: n + 1])}" for n in range(len(parts))]
        return [
            self._stack.format_arn(service="appconfig", resource="application", resource_name=it)
            for it in names
        ]

    def _publish(self, resource: str, id: str) -> None:
        self._stack.publish(f"configuration-{resource}-id", id)
