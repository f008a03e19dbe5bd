"""What the role of a state machine needs whose distributed map runs executions of its own."""

from aws_cdk import ArnFormat
from aws_cdk import aws_iam as iam

from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.service_stack import ServiceStack


def let_run_its_parts(role: iam.Role, stack: ServiceStack, machine_name: str) -> None:
    """Start executions of the machine, watch and stop them, and start those again that failed.

    As the CDK grants it to a map that it makes itself. By the machine's name, since a reference
    from the machine's own role would be a circle.
    """

    def states_arn(kind: str, name: str) -> str:
        return stack.format_arn(
            service="states",
            resource=kind,
            resource_name=name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    for actions, resource in (
        (["states:StartExecution"], states_arn("stateMachine", machine_name)),
        (
            ["states:DescribeExecution", "states:StopExecution"],
            states_arn("execution", f"{machine_name}:*"),
        ),
        (["states:RedriveExecution"], states_arn("execution", f"{machine_name}/*")),
    ):
        role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[resource]))
    executions = (
        f"arn:{stack.partition}:states:{stack.region}:<AWS::AccountId>:execution:{machine_name}"
    )
    acknowledge(
        role,
        "A distributed map names the executions of its parts itself.",
        f"AwsSolutions-IAM5[Resource::{executions}:*]",
        f"AwsSolutions-IAM5[Resource::{executions}/*]",
    )
