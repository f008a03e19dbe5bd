"""Services of a test's own in AppConfig, made by calls as a stack would make them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from rich.console import Console

from contracts.product import PRODUCT
from tests.support.drivers.scratch_service import PROFILES, SCHEMA, right, write
from tools.base.endpoint import Cloud
from tools.base.target import Target, of_emulator
from tools.configuration import commands
from tools.configuration.services import Configured

ENVIRONMENT = "dev"
METRIC = "Complaints"
BAKES = "bakes"
"""A strategy: everybody gets the version at once, and alarms may call it back for a minute."""
STRATEGIES = {"strategy": 0, "at-once-strategy": 0, f"{BAKES}-strategy": 1}
"""The minutes for which each lets alarms call a version back."""


@dataclass(frozen=True)
class Scratch:
    """One service; its documents are in ``config``, which plays git."""

    name: str
    target: Target
    config: Path
    ids: dict[str, str]
    alarm: str
    said: StringIO = field(default_factory=StringIO)

    @property
    def service(self) -> Configured:
        """As the commands take it."""
        return Configured(self.name, PROFILES, {"settings": SCHEMA})

    @property
    def appconfig(self) -> Any:
        """The client."""
        return self.target.client("appconfig")

    @property
    def console(self) -> Console:
        """Keeps what is printed in ``said``."""
        return Console(file=self.said, markup=False, highlight=False, soft_wrap=True)

    def choose_strategy(self, name: str) -> None:
        """What a stack of another environment publishes as its own choice."""
        self.target.client("ssm").put_parameter(
            Name=f"/{PRODUCT}/{ENVIRONMENT}/{self.name}/configuration-strategy-id",
            Value=self.ids[f"{name}-strategy"],
            Overwrite=True,
        )

    def write(self, document: Any) -> None:
        """What a merge does."""
        write(self.config, document, self.name)

    def apply(self, **options: Any) -> int:
        """`config-apply` for this service."""
        return commands.apply(
            self.target, self.console, chosen=[self.service], config=self.config, **options
        )

    def plan(self) -> bool:
        """`config-plan` for this service."""
        return commands.plan(self.target, self.console, chosen=[self.service], config=self.config)

    def drift(self) -> bool:
        """`config-drift` for this service."""
        return commands.drift(self.target, self.console, chosen=[self.service], config=self.config)

    def told(self) -> str:
        """What was printed since the last time."""
        text = self.said.getvalue()
        self.said.seek(0)
        self.said.truncate()
        return text

    def served(self, profile: str) -> Any:
        """What a reader gets that asks for the first time."""
        data = self.target.client("appconfigdata")
        token = data.start_configuration_session(
            ApplicationIdentifier=self.ids["application"],
            EnvironmentIdentifier=self.ids["environment"],
            ConfigurationProfileIdentifier=self.ids[f"{profile}-profile"],
        )["InitialConfigurationToken"]
        content = data.get_latest_configuration(ConfigurationToken=token)["Configuration"].read()
        return json.loads(content) if content else None

    def deploy_by_hand(self, profile: str, content: bytes, strategy: str = "strategy") -> int:
        """What somebody does in the console; the version's number."""
        ids = {
            "ApplicationId": self.ids["application"],
            "ConfigurationProfileId": self.ids[f"{profile}-profile"],
        }
        answer = self.appconfig.create_hosted_configuration_version(
            **ids, Content=content, ContentType="application/json"
        )
        answer["Content"].close()
        version: int = answer["VersionNumber"]
        self.appconfig.start_deployment(
            **ids,
            EnvironmentId=self.ids["environment"],
            DeploymentStrategyId=self.ids[strategy],
            ConfigurationVersion=str(version),
            Description="quick fix, ask Eve",
        )
        return version

    def sound_the_alarm(self) -> None:
        """The alarm fires, whatever its metric says."""
        self.target.client("cloudwatch").set_alarm_state(
            AlarmName=self.alarm, StateValue="ALARM", StateReason="a test"
        )

    def complain(self) -> None:
        """The alarm's metric goes over its threshold."""
        self.target.client("cloudwatch").put_metric_data(
            Namespace=self.name, MetricData=[{"MetricName": METRIC, "Value": 1.0, "Unit": "Count"}]
        )

    @contextmanager
    def elsewhere(self) -> Iterator[Scratch]:
        """The same service by clients of its own, which a test may disturb."""
        cloud = Cloud(self.appconfig.meta.endpoint_url)
        target = of_emulator(cloud)
        try:
            yield replace(self, target=target, said=StringIO())
        finally:
            for client in ("appconfig", "ssm"):
                target.client(client).close()

    def refuse(self, code: str, *, status: int, times: int, operation: str = "") -> list[str]:
        """AppConfig answers so many calls with an error; what it said so far."""
        said: list[str] = []

        def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
            if len(said) == times:
                return None
            said.append(code)
            headers = HTTPHeaders()
            headers["x-amzn-errortype"] = code
            body = SimpleNamespace(stream=lambda: [b'{"Message": "not now"}'])
            return AWSResponse(request.url, status, headers, body)

        event = f"before-send.appconfig.{operation}".rstrip(".")
        self.appconfig.meta.events.register_last(event, answer)
        return said

    def deployments(self) -> list[dict[str, Any]]:
        """Every deployment, in order."""
        found = self.appconfig.list_deployments(
            ApplicationId=self.ids["application"], EnvironmentId=self.ids["environment"]
        )["Items"]
        return sorted(found, key=lambda it: int(it["DeploymentNumber"]))

    def description(self) -> str:
        """What the last deployment says of the settings."""
        numbers = [
            it["DeploymentNumber"]
            for it in self.deployments()
            if it["ConfigurationName"] == "settings"
        ]
        deployment = self.appconfig.get_deployment(
            ApplicationId=self.ids["application"],
            EnvironmentId=self.ids["environment"],
            DeploymentNumber=numbers[-1],
        )
        return str(deployment["Description"])

    def versions(self) -> int:
        """How many versions AppConfig keeps of both profiles."""
        return sum(
            len(
                self.appconfig.list_hosted_configuration_versions(
                    ApplicationId=self.ids["application"],
                    ConfigurationProfileId=self.ids[f"{it.name}-profile"],
                )["Items"]
            )
            for it in PROFILES
        )


@contextmanager
def scratch(cloud: Cloud, config: Path) -> Iterator[Scratch]:
    """A service with a right document that nobody has deployed yet; it is gone afterwards."""
    target = of_emulator(cloud)
    appconfig, name = target.client("appconfig"), f"scratch-{uuid.uuid4().hex[:8]}"
    cloudwatch, ssm = target.client("cloudwatch"), target.client("ssm")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace=name,  # the emulator's alarms look at no dimensions
        MetricName=METRIC,
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    application = appconfig.create_application(Name=name)["Id"]
    ids = {"application": application}
    ids["environment"] = appconfig.create_environment(
        ApplicationId=application, Name=ENVIRONMENT, Monitors=[{"AlarmArn": alarm["AlarmArn"]}]
    )["Id"]
    for profile, type in (("settings", "AWS.Freeform"), ("flags", "AWS.AppConfig.FeatureFlags")):
        syntax = [{"Type": "JSON_SCHEMA", "Content": json.dumps(SCHEMA)}]
        ids[f"{profile}-profile"] = appconfig.create_configuration_profile(
            ApplicationId=application,
            Name=profile,
            LocationUri="hosted",
            Type=type,
            Validators=syntax if profile == "settings" else [],
        )["Id"]
    for strategy, bake in STRATEGIES.items():
        ids[strategy] = appconfig.create_deployment_strategy(
            Name=f"{name}-{strategy}",
            DeploymentDurationInMinutes=0,
            GrowthFactor=100,
            FinalBakeTimeInMinutes=bake,
            ReplicateTo="NONE",
        )["Id"]
    parameters = {
        f"/{PRODUCT}/{ENVIRONMENT}/{name}/configuration-{kind}-id": id for kind, id in ids.items()
    }
    for parameter, id in parameters.items():
        ssm.put_parameter(Name=parameter, Value=id, Type="String")
    made = Scratch(name, target, config, ids, name)
    made.write(right())
    try:
        yield made
    finally:
        for parameter in parameters:
            ssm.delete_parameter(Name=parameter)
        for strategy in STRATEGIES:
            appconfig.delete_deployment_strategy(DeploymentStrategyId=ids[strategy])
        appconfig.delete_application(ApplicationId=application)
        cloudwatch.delete_alarms(AlarmNames=[name])
