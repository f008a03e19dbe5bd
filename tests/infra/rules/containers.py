"""What holds for containers: how they are released, what they are told, where they run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.infra.rules import Rule
from tests.infra.rules.configuration import APPLICATION, PROFILE
from tests.infra.rules.secrets import READ, SECRET
from tests.infra.rules.variables import CREDENTIAL, CREDENTIAL_NAME
from tests.infra.system import PARAMETER, Resource, System, role_statements

SERVICE = "AWS::ECS::Service"
TASK = "AWS::ECS::TaskDefinition"
CLUSTER = "AWS::ECS::Cluster"
TARGETS = "AWS::VpcLattice::TargetGroup"
RULE = "AWS::VpcLattice::Rule"
LATTICE = "AWS::VpcLattice::Service"
POLICY = "AWS::VpcLattice::AuthPolicy"
NETWORK = "AWS::VpcLattice::ServiceNetwork"
NAMESPACE = "AWS::ServiceDiscovery::HttpNamespace"
SCALED = "AWS::ApplicationAutoScaling::ScalableTarget"
SHIFTS = {"CANARY", "LINEAR", "BLUE_GREEN"}
"""Deployments that move traffic from one revision to the next."""
NO_PAUSE = {"TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"}
"""Stages at which ECS refuses to pause; CloudFormation says so only when it deploys."""
JUDGED = "PRE_PRODUCTION_TRAFFIC_SHIFT"
AGENT = re.compile(r"/aws-appconfig-agent:")
ROUTER = "FirelensConfiguration"
LOCAL_AGENT = "http://localhost:2772"
READ_CONFIGURATION = "appconfig:GetLatestConfiguration"


def a_canary_has_where_traffic_goes(system: System) -> Iterator[str]:
    """Two target groups for each port, and a rule that forwards to both: or nothing shifts."""
    for service in system.resources(SERVICE):
        if _strategy(service) not in SHIFTS:
            yield f"{service} replaces its tasks without a canary"
            continue
        configurations = service.properties.get("VpcLatticeConfigurations", [])
        if not configurations:
            yield f"{service} has no target for its traffic"
        for it in configurations:
            yield from _where_traffic_does_not_go(service, it)


def _where_traffic_does_not_go(service: Resource, it: Mapping[str, Any]) -> Iterator[str]:
    system = service.template.system
    more = it.get("AdvancedConfiguration", {})
    groups = [service.text(it["TargetGroupArn"])]
    groups.append(service.text(more.get("AlternateTargetGroupArn", "")))
    found = {group.place for text in groups if (group := system.find(text, TARGETS))}
    if len(found) < 2:
        yield f"{service}: {it['PortName']} has no second target group"
    for kind in ("ProductionListenerRule", "TestListenerRule"):
        rule = system.find(service.text(more.get(kind, "")), RULE)
        if rule is None:
            yield f"{service}: {it['PortName']} has no {kind}"
        elif not all(place in json.dumps(_forwarded(rule)) for place in found):
            yield f"{service}: {rule.id} does not forward to both target groups"
    if it["PortName"] not in _ports(_task_of(service)):
        yield f"{service}: no container has a port {it['PortName']}"


def deployments_pause_where_ecs_lets_them_and_end_by_rolling_back(
    system: System,
) -> Iterator[str]:
    """Each shift waits to be judged; who is not heard of in time is rolled back."""
    for service in system.resources(SERVICE):
        pauses = [
            hook
            for hook in service.properties.get("DeploymentConfiguration", {}).get(
                "LifecycleHooks", []
            )
            if hook.get("TargetType") == "PAUSE"
        ]
        stages = {stage for hook in pauses for stage in hook.get("LifecycleStages", [])}
        for stage in sorted(stages & NO_PAUSE):
            yield f"{service} pauses at {stage}, which ECS refuses"
        if _strategy(service) in SHIFTS and JUDGED not in stages:
            yield f"{service} shifts traffic without being told to"
        for hook in pauses:
            if hook.get("TimeoutConfiguration", {}).get("Action") != "ROLLBACK":
                yield f"{service} goes on when nobody judges it"


def alarms_roll_a_canary_back(system: System) -> Iterator[str]:
    """ECS looks at them itself, also when whoever judges the release is gone."""
    for service in system.resources(SERVICE):
        alarms = service.properties.get("DeploymentConfiguration", {}).get("Alarms", {})
        if not (alarms.get("Enable") and alarms.get("Rollback") and alarms.get("AlarmNames")):
            yield f"{service} is not rolled back by an alarm"


def containers_get_secrets_by_reference(system: System) -> Iterator[str]:
    """`ValueFrom` names where a secret is; whoever reads a task definition reads no secret."""
    for task, container in _containers(system):
        for variable in container.get("Environment", []):
            name, value = variable["Name"], variable.get("Value")
            if CREDENTIAL_NAME.search(name):
                yield f"{task}: {container['Name']} has {name} in its environment"
            if CREDENTIAL.search(task.text(value)):
                yield f"{task}: {container['Name']} has a credential's value in {name}"
        for variable in container.get("Secrets", []):
            source = task.text(variable.get("ValueFrom", ""))
            secret = next((it for it in system.resources(SECRET) if it.is_in(source)), None)
            if secret is None:
                yield f"{task}: {container['Name']} has {variable['Name']} from nowhere"
            elif not _may_read(task, secret):
                yield f"{task} is started by a role that may not read {secret}"


def _may_read(task: Resource, secret: Resource) -> bool:
    role = task.text(task.properties["ExecutionRoleArn"])
    return any(
        statement.role.is_in(role) and statement.allows(READ) and secret.is_in(resource)
        for statement in role_statements(task.template.system)
        for resource in statement.resources
    )


def what_spot_takes_away_keeps_nothing(system: System) -> Iterator[str]:
    """No volume is lost with a task; the first task of a service is never reclaimed."""
    for service in system.resources(SERVICE):
        strategy = service.properties.get("CapacityProviderStrategy", [])
        by_name = {it["CapacityProvider"]: it for it in strategy}
        if by_name.get("FARGATE_SPOT", {}).get("Weight", 0) < 1:
            yield f"{service} uses no Spot capacity"
            continue
        if by_name.get("FARGATE", {}).get("Base", 0) < 1:
            yield f"{service} may lose all of its tasks at once"
        task = _task_of(service)
        mounted = [it["Name"] for it in _of(task) if it.get("MountPoints")]
        if task.properties.get("Volumes") or mounted:
            yield f"{task} has volumes, which Spot takes away"


def containers_stop_within_what_spot_leaves_them(system: System) -> Iterator[str]:
    """Two minutes from notice to end: a container that takes calls finishes them before."""
    for task, container in _containers(system):
        if container.get("PortMappings") and not 30 < container.get("StopTimeout", 30) < 120:
            yield f"{task}: {container['Name']} is ended before its calls are"


def containers_run_as_nobody_and_write_nothing(system: System) -> Iterator[str]:
    """What is ours has no root and no file system to write on."""
    for task, container in _containers(system):
        ours = not isinstance(container.get("Image"), str)  # in our registry, by a reference
        if container.get("Privileged") or (ours and container.get("User") in (None, "0", "root")):
            yield f"{task}: {container['Name']} runs as root"
        if ROUTER not in container and container.get("ReadonlyRootFilesystem") is not True:
            yield f"{task}: {container['Name']} may write its file system"


def tasks_have_the_configuration_agent(system: System) -> Iterator[str]:
    """Beside the server, which starts when the agent is there."""
    for service in system.resources(SERVICE):
        containers = _of(_task_of(service))
        agents = {it["Name"] for it in containers if AGENT.search(str(it.get("Image")))}
        waiting = {
            needed["ContainerName"] for it in containers for needed in it.get("DependsOn", [])
        }
        if not agents & waiting:
            yield f"{service} has no AppConfig agent that a container waits for"


def servers_read_their_configuration_at_the_agent_beside_them(system: System) -> Iterator[str]:
    """At its local endpoint, of their own application, which the task's role may read: no more."""
    for service in system.resources(SERVICE):
        task = _task_of(service)
        own = {it.place for it in task.template.resources(APPLICATION)}
        readers = [it for it in _of(task) if "CONFIGURATION_AGENT_URL" in _variables(it)]
        if not readers:
            yield f"{task} has no container that asks the agent"
        for reader in readers:
            told = {name: task.text(value) for name, value in _variables(reader).items()}
            if told["CONFIGURATION_AGENT_URL"] != LOCAL_AGENT:
                yield f"{task}: {reader['Name']} asks {told['CONFIGURATION_AGENT_URL']}"
            if _given(reader, "CONFIGURATION_AGENT_TOKEN") not in _tokens_of_agents(task):
                yield f"{task}: {reader['Name']} does not have its agent's token"
            if not any(it in told.get("CONFIGURATION_APPLICATION", "") for it in own):
                yield f"{task}: {reader['Name']} asks for the configuration of another service"
        role = system.find(task.text(task.properties["TaskRoleArn"]), "AWS::IAM::Role")
        assert role is not None
        may_read = [
            resource
            for statement in role_statements(system)
            if statement.role.place == role.place and statement.allows(READ_CONFIGURATION)
            for resource in statement.resources
        ]
        profiles = list(task.template.resources(PROFILE))
        if not (len(may_read) == len(profiles) > 0):
            yield f"{role} may read {len(may_read)} documents of {len(profiles)}"
        for resource in may_read:
            if not any(it in resource for it in own):
                yield f"{role} may read {resource}, which is not its service's"


def _given(container: Mapping[str, Any], name: str) -> str | None:
    """Where a container's secret comes from, as text."""
    found = [
        json.dumps(it["ValueFrom"]) for it in container.get("Secrets", []) if it["Name"] == name
    ]
    return found[0] if found else None


def _tokens_of_agents(task: Resource) -> set[str]:
    agents = [it for it in _of(task) if AGENT.search(str(it.get("Image")))]
    return {token for it in agents if (token := _given(it, "ACCESS_TOKEN"))}


def _variables(container: Mapping[str, Any]) -> dict[str, Any]:
    return {it["Name"]: it.get("Value") for it in container.get("Environment", [])}


def containers_are_watched(system: System) -> Iterator[str]:
    """Container Insights on each cluster; each container's lines go through the log router."""
    for cluster in system.resources(CLUSTER):
        settings = {it["Name"]: it["Value"] for it in cluster.properties["ClusterSettings"]}
        if settings.get("containerInsights") not in ("enabled", "enhanced"):
            yield f"{cluster} has no Container Insights"
    for task, container in _containers(system):
        driver = container.get("LogConfiguration", {}).get("LogDriver")
        if driver != ("awslogs" if ROUTER in container else "awsfirelens"):
            yield f"{task}: {container['Name']} logs to {driver}"


def services_in_containers_scale_by_themselves(system: System) -> Iterator[str]:
    """Each has a target of its own: another service's load brings none of its tasks up."""
    for service in system.resources(SERVICE):
        own = [
            it
            for it in service.template.resources(SCALED)
            if service.is_in(it.text(it.properties["ResourceId"]))
        ]
        if len(own) != 1 or own[0].properties["MinCapacity"] < 2:
            yield f"{service} has no scaling of its own with two tasks or more"


def the_service_network_asks_who_calls(system: System) -> Iterator[str]:
    """IAM's authorization on each service, and a policy that names its callers."""
    for service in system.resources(LATTICE):
        policies = [
            it
            for it in service.template.resources(POLICY)
            if service.is_in(it.text(it.properties["ResourceIdentifier"]))
        ]
        if service.properties.get("AuthType") != "AWS_IAM" or not policies:
            yield f"{service} does not ask who calls"
        for policy in policies:
            for statement in policy.properties["Policy"]["Statement"]:
                named = "aws:PrincipalArn" in json.dumps(statement.get("Condition", {}))
                if statement["Effect"] == "Allow" and not named:
                    yield f"{policy} admits callers that it does not name"


def tasks_and_callers_find_each_other_by_names_that_templates_make(
    system: System,
) -> Iterator[str]:
    """Within the cluster by Cloud Map and Service Connect, elsewhere by Lattice's name."""
    for service in system.resources(SERVICE):
        connect = service.properties.get("ServiceConnectConfiguration", {})
        spaces = service.template.resources(NAMESPACE)
        space = service.text(connect.get("Namespace", ""))
        if not connect.get("Enabled") or not any(it.is_in(space) for it in spaces):
            yield f"{service} is in no namespace of Cloud Map that its stack makes"
        for it in connect.get("Services", []):
            if it["PortName"] not in _ports(_task_of(service)) or not it.get("DiscoveryName"):
                yield f"{service}: {it['PortName']} has no name, or is nobody's port"
        if not connect.get("Services"):
            yield f"{service} is found by nobody in its cluster"
    names = {it.place: it for it in system.resources(LATTICE)}
    for function in system.resources("AWS::Lambda::Function"):
        variables = function.properties.get("Environment", {}).get("Variables", {})
        for name, value in variables.items():
            if name.endswith("_HOST") and not any(it in function.text(value) for it in names):
                yield f"{function}: {name} is no name of a service in the network"
    for service in names.values():
        published = [it.text(it.properties["Value"]) for it in system.resources(PARAMETER)]
        if not any(f"{service.place}.DnsEntry" in it for it in published):
            yield f"{service} does not say where it is found"


def the_service_network_reaches_whoever_calls(system: System) -> Iterator[str]:
    """Its services are in it, and so is the VPC of tasks, pods and the functions that call."""
    for network in system.resources(NETWORK):
        joined = [
            it.text(it.properties["VpcIdentifier"])
            for it in network.template.resources("AWS::VpcLattice::ServiceNetworkVpcAssociation")
            if network.is_in(it.text(it.properties["ServiceNetworkIdentifier"]))
        ]
        vpcs = list(network.template.resources("AWS::EC2::VPC"))
        if not vpcs or not all(any(vpc.is_in(it) for it in joined) for vpc in vpcs):
            yield f"{network} is not joined by its VPC"
    for service in system.resources(LATTICE):
        joins = service.template.resources("AWS::VpcLattice::ServiceNetworkServiceAssociation")
        if not any(service.is_in(it.text(it.properties["ServiceIdentifier"])) for it in joins):
            yield f"{service} is in no network"
    for function in system.resources("AWS::Lambda::Function"):
        variables = function.properties.get("Environment", {}).get("Variables", {})
        if any(it.endswith("_HOST") for it in variables):
            subnets = function.properties.get("VpcConfig", {}).get("SubnetIds", [])
            if len(subnets) < 2:
                yield f"{function} calls the network from outside"


def every_vpc_has_two_zones_and_logs_its_flows(system: System) -> Iterator[str]:
    """And tasks get no address of the internet's."""
    for vpc in system.resources("AWS::EC2::VPC"):
        logged = [
            it
            for it in vpc.template.resources("AWS::EC2::FlowLog")
            if vpc.is_in(it.text(it.properties["ResourceId"]))
            and it.properties["TrafficType"] == "ALL"
        ]
        if not logged:
            yield f"{vpc} does not say who connected to whom"
        zones = {
            json.dumps(it.properties["AvailabilityZone"])
            for it in vpc.template.resources("AWS::EC2::Subnet")
            if vpc.is_in(it.text(it.properties["VpcId"]))
        }
        if len(zones) < 2:
            yield f"{vpc} is in one zone"
    for service in system.resources(SERVICE):
        network = service.properties["NetworkConfiguration"]["AwsvpcConfiguration"]
        if network.get("AssignPublicIp") != "DISABLED" or len(network["Subnets"]) < 2:
            yield f"{service} is in one zone, or has addresses of the internet's"


def _strategy(service: Resource) -> str:
    strategy: str = service.properties.get("DeploymentConfiguration", {}).get("Strategy", "ROLLING")
    return strategy


def _forwarded(rule: Resource) -> list[str]:
    forward = rule.properties["Action"].get("Forward", {})
    return [rule.text(it["TargetGroupIdentifier"]) for it in forward.get("TargetGroups", [])]


def _task_of(service: Resource) -> Resource:
    found = service.template.system.find(service.text(service.properties["TaskDefinition"]), TASK)
    assert found is not None
    return found


def _of(task: Resource) -> list[dict[str, Any]]:
    containers: list[dict[str, Any]] = task.properties["ContainerDefinitions"]
    return containers


def _containers(system: System) -> Iterator[tuple[Resource, dict[str, Any]]]:
    for task in system.resources(TASK):
        for container in _of(task):
            yield task, container


def _ports(task: Resource) -> set[str]:
    return {port["Name"] for it in _of(task) for port in it.get("PortMappings", [])}


RULES: tuple[Rule, ...] = (
    a_canary_has_where_traffic_goes,
    deployments_pause_where_ecs_lets_them_and_end_by_rolling_back,
    alarms_roll_a_canary_back,
    containers_get_secrets_by_reference,
    what_spot_takes_away_keeps_nothing,
    containers_stop_within_what_spot_leaves_them,
    containers_run_as_nobody_and_write_nothing,
    tasks_have_the_configuration_agent,
    servers_read_their_configuration_at_the_agent_beside_them,
    containers_are_watched,
    services_in_containers_scale_by_themselves,
    the_service_network_asks_who_calls,
    tasks_and_callers_find_each_other_by_names_that_templates_make,
    the_service_network_reaches_whoever_calls,
    every_vpc_has_two_zones_and_logs_its_flows,
)
