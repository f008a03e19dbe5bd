"""A fault for each rule about containers, planted into a copy of the templates."""

from collections.abc import Callable
from typing import Any

from tests.infra.planted_faults import Body, Plant, body, remove, set_property
from tests.infra.rules import Rule, containers, cost
from tests.infra.rules.containers import CLUSTER, LATTICE, POLICY, RULE, SCALED, SERVICE, TASK
from tests.infra.system import System

PRICING = "pricing"


def in_deployments(change: Callable[[Body], None]) -> Plant:
    """Change how pricing is deployed."""

    def plant(system: System) -> None:
        change(body(system, PRICING, SERVICE)["Properties"]["DeploymentConfiguration"])

    return plant


def in_container(name: str, key: str, value: Any) -> Plant:
    """Say something else of one of pricing's containers; None takes it away."""

    def plant(system: System) -> None:
        found = body(system, PRICING, TASK)["Properties"]["ContainerDefinitions"]
        (container,) = [it for it in found if it["Name"] == name]
        if value is None:
            del container[key]
        else:
            container[key] = value

    return plant


def tell_container(name: str, variable: str, value: str) -> Plant:
    """Put one more variable into a container's environment."""

    def plant(system: System) -> None:
        _environment(system, name).append({"Name": variable, "Value": value})

    return plant


def tell_nothing(name: str, variable: str) -> Plant:
    """Take one variable out of a container's environment."""

    def plant(system: System) -> None:
        environment = _environment(system, name)
        environment[:] = [it for it in environment if it["Name"] != variable]

    return plant


def tell_otherwise(name: str, variable: str, value: str) -> Plant:
    """Give a variable of a container another value."""

    def plant(system: System) -> None:
        (found,) = [it for it in _environment(system, name) if it["Name"] == variable]
        found["Value"] = value

    return plant


def forbid(action: str) -> Plant:
    """No role of pricing may do that."""

    def plant(system: System) -> None:
        for resource in system.templates[PRICING].body["Resources"].values():
            if resource["Type"] == "AWS::IAM::Policy":
                statements = resource["Properties"]["PolicyDocument"]["Statement"]
                statements[:] = [it for it in statements if action not in str(it)]

    return plant


def _environment(system: System, name: str) -> list[dict[str, Any]]:
    return _of_container(system, name, "Environment")


def _secrets(system: System, name: str) -> list[dict[str, Any]]:
    return _of_container(system, name, "Secrets")


def _of_container(system: System, name: str, key: str) -> list[dict[str, Any]]:
    found = body(system, PRICING, TASK)["Properties"]["ContainerDefinitions"]
    (container,) = [it for it in found if it["Name"] == name]
    listed: list[dict[str, Any]] = container[key]
    return listed


def pause_at(stage: str) -> Plant:
    """Have ECS pause there, besides where it does."""
    return in_deployments(lambda it: it["LifecycleHooks"][0]["LifecycleStages"].append(stage))


def forget_the_second_group(system: System) -> None:
    """The rule of all callers forwards to the tasks of before alone."""
    rule = body(system, PRICING, RULE, "NetworkRulegrpcproduction")["Properties"]
    del rule["Action"]["Forward"]["TargetGroups"][1]


def let_anybody_call(system: System) -> None:
    """The policy names nobody."""
    policy = body(system, PRICING, POLICY)["Properties"]["Policy"]
    del policy["Statement"][0]["Condition"]


def in_service_connect(change: Callable[[Body], None]) -> Plant:
    """Change by which name pricing's tasks are found in their cluster."""

    def plant(system: System) -> None:
        change(body(system, PRICING, SERVICE)["Properties"]["ServiceConnectConfiguration"])

    return plant


def write_the_host(system: System) -> None:
    """The quote function is told a host that no template makes."""
    for it in system.templates[PRICING].body["Resources"].values():
        variables = it.get("Properties", {}).get("Environment", {}).get("Variables", {})
        if "PRICING_HOST" in variables:
            variables["PRICING_HOST"] = "pricing.example"


def forget_where_it_is(system: System) -> None:
    """The name in the network is not published."""
    resources = system.templates[PRICING].body["Resources"]
    for id in [it for it, of in resources.items() if "/dns-name" in str(of["Properties"])]:
        del resources[id]


def stand_on_one_leg(system: System) -> None:
    """Every task may be reclaimed."""
    strategy = body(system, PRICING, SERVICE)["Properties"]["CapacityProviderStrategy"]
    strategy[0]["Base"] = 0


def use_one_zone(system: System) -> None:
    """All subnets are in the same one."""
    for resource in system.templates["network"].body["Resources"].values():
        if resource["Type"] == "AWS::EC2::Subnet":
            resource["Properties"]["AvailabilityZone"] = "a"


INTEL = {"CpuArchitecture": "X86_64", "OperatingSystemFamily": "LINUX"}
VOLUME = [{"Name": "scratch"}]
PLANTED: tuple[tuple[Rule, str, Plant], ...] = (
    (
        containers.a_canary_has_where_traffic_goes,
        "no target",
        set_property(PRICING, SERVICE, "VpcLatticeConfigurations", None),
    ),
    (
        containers.a_canary_has_where_traffic_goes,
        "tasks are replaced as they come",
        in_deployments(lambda it: it.update(Strategy="ROLLING")),
    ),
    (
        containers.a_canary_has_where_traffic_goes,
        "the rule has one target group",
        forget_the_second_group,
    ),
    (
        containers.a_canary_has_where_traffic_goes,
        "the port is nobody's",
        in_container("envoy", "PortMappings", [{"Name": "other", "ContainerPort": 8080}]),
    ),
    (
        containers.deployments_pause_where_ecs_lets_them_and_end_by_rolling_back,
        "a pause while traffic shifts",
        pause_at("PRODUCTION_TRAFFIC_SHIFT"),
    ),
    (
        containers.deployments_pause_where_ecs_lets_them_and_end_by_rolling_back,
        "a pause while the test's traffic shifts",
        pause_at("TEST_TRAFFIC_SHIFT"),
    ),
    (
        containers.deployments_pause_where_ecs_lets_them_and_end_by_rolling_back,
        "nobody is asked",
        in_deployments(lambda it: it.pop("LifecycleHooks")),
    ),
    (
        containers.deployments_pause_where_ecs_lets_them_and_end_by_rolling_back,
        "who is silent agrees",
        in_deployments(
            lambda it: it["LifecycleHooks"][0]["TimeoutConfiguration"].update(Action="CONTINUE")
        ),
    ),
    (
        containers.alarms_roll_a_canary_back,
        "an alarm is looked at only",
        in_deployments(lambda it: it["Alarms"].update(Rollback=False)),
    ),
    (
        containers.containers_get_secrets_by_reference,
        "a secret in the environment",
        tell_container("server", "QUOTE_SIGNING_SECRET", "name"),
    ),
    (
        containers.containers_get_secrets_by_reference,
        "a secret that CloudFormation resolves",
        tell_container("server", "SIGNING", "{{resolve:secretsmanager:signing:SecretString}}"),
    ),
    (
        containers.containers_get_secrets_by_reference,
        "a secret of nobody's",
        lambda system: _secrets(system, "agent")[0].update(ValueFrom="arn:aws:secretsmanager:x"),
    ),
    (
        containers.containers_get_secrets_by_reference,
        "who starts the task may not read it",
        forbid("secretsmanager:GetSecretValue"),
    ),
    (
        containers.servers_read_their_configuration_at_the_agent_beside_them,
        "the server has no token",
        lambda system: _secrets(system, "server").clear(),
    ),
    (
        containers.servers_read_their_configuration_at_the_agent_beside_them,
        "the agent answers everybody",
        lambda system: _secrets(system, "agent").clear(),
    ),
    (
        containers.what_spot_takes_away_keeps_nothing,
        "a volume",
        set_property(PRICING, TASK, "Volumes", VOLUME),
    ),
    (containers.what_spot_takes_away_keeps_nothing, "all on Spot", stand_on_one_leg),
    (
        containers.what_spot_takes_away_keeps_nothing,
        "none on Spot",
        set_property(PRICING, SERVICE, "CapacityProviderStrategy", None),
    ),
    (
        containers.containers_stop_within_what_spot_leaves_them,
        "Envoy is ended at once",
        in_container("envoy", "StopTimeout", None),
    ),
    (
        containers.containers_run_as_nobody_and_write_nothing,
        "the server is root",
        in_container("server", "User", None),
    ),
    (
        containers.containers_run_as_nobody_and_write_nothing,
        "Envoy may write",
        in_container("envoy", "ReadonlyRootFilesystem", None),
    ),
    (
        containers.tasks_have_the_configuration_agent,
        "nobody waits for it",
        in_container("server", "DependsOn", None),
    ),
    (
        containers.servers_read_their_configuration_at_the_agent_beside_them,
        "nobody asks the agent",
        tell_nothing("server", "CONFIGURATION_AGENT_URL"),
    ),
    (
        containers.servers_read_their_configuration_at_the_agent_beside_them,
        "the agent is elsewhere",
        tell_otherwise("server", "CONFIGURATION_AGENT_URL", "http://agent.example:2772"),
    ),
    (
        containers.servers_read_their_configuration_at_the_agent_beside_them,
        "another service's documents",
        tell_otherwise("server", "CONFIGURATION_APPLICATION", "abc1234"),
    ),
    (
        containers.servers_read_their_configuration_at_the_agent_beside_them,
        "the task's role may not read",
        forbid("appconfig:GetLatestConfiguration"),
    ),
    (
        containers.containers_are_watched,
        "no Container Insights",
        set_property(PRICING, CLUSTER, "ClusterSettings", []),
    ),
    (
        containers.containers_are_watched,
        "the server's lines go elsewhere",
        in_container("server", "LogConfiguration", {"LogDriver": "json-file"}),
    ),
    (
        containers.services_in_containers_scale_by_themselves,
        "no target",
        remove(PRICING, SCALED),
    ),
    (
        containers.services_in_containers_scale_by_themselves,
        "one task is enough",
        set_property(PRICING, SCALED, "MinCapacity", 1),
    ),
    (
        containers.the_service_network_asks_who_calls,
        "nobody asks",
        set_property(PRICING, LATTICE, "AuthType", "NONE"),
    ),
    (containers.the_service_network_asks_who_calls, "anybody may", let_anybody_call),
    (
        containers.tasks_and_callers_find_each_other_by_names_that_templates_make,
        "no Service Connect",
        set_property(PRICING, SERVICE, "ServiceConnectConfiguration", None),
    ),
    (
        containers.tasks_and_callers_find_each_other_by_names_that_templates_make,
        "a namespace of nobody's",
        in_service_connect(lambda it: it.update(Namespace="elsewhere")),
    ),
    (
        containers.tasks_and_callers_find_each_other_by_names_that_templates_make,
        "a port without a name",
        in_service_connect(lambda it: it["Services"][0].pop("DiscoveryName")),
    ),
    (
        containers.tasks_and_callers_find_each_other_by_names_that_templates_make,
        "the host is written",
        write_the_host,
    ),
    (
        containers.tasks_and_callers_find_each_other_by_names_that_templates_make,
        "nobody can find it",
        forget_where_it_is,
    ),
    (
        containers.the_service_network_reaches_whoever_calls,
        "the VPC is not joined",
        remove("network", "AWS::VpcLattice::ServiceNetworkVpcAssociation"),
    ),
    (
        containers.the_service_network_reaches_whoever_calls,
        "the service is in no network",
        remove(PRICING, "AWS::VpcLattice::ServiceNetworkServiceAssociation"),
    ),
    (
        containers.the_service_network_reaches_whoever_calls,
        "the function is outside",
        set_property(PRICING, "AWS::Lambda::Function", "VpcConfig", None, "Quote"),
    ),
    (
        containers.every_vpc_has_two_zones_and_logs_its_flows,
        "no flow log",
        remove("network", "AWS::EC2::FlowLog"),
    ),
    (containers.every_vpc_has_two_zones_and_logs_its_flows, "one zone", use_one_zone),
    (
        cost.everything_runs_on_graviton,
        "a task on Intel",
        set_property(PRICING, TASK, "RuntimePlatform", INTEL),
    ),
)
