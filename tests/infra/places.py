"""Where the system is synthesized in tests: a region of each partition, and what is named."""

AGENT = "layer:AWS-AppConfig-Extension-Arm64:1"

CONTEXTS: dict[str, tuple[tuple[str, str], ...]] = {
    "aws": (),
    "aws-us-gov": (
        ("containers", "false"),
        ("region", "us-gov-west-1"),
        ("archive_region", "us-gov-east-1"),
        (
            "configuration_agent_layer_arn",
            f"arn:aws-us-gov:lambda:us-gov-west-1:123456789012:{AGENT}",
        ),
    ),
    "aws-cn": (
        ("containers", "false"),
        ("region", "cn-north-1"),
        ("archive_region", "cn-northwest-1"),
        ("configuration_agent_layer_arn", f"arn:aws-cn:lambda:cn-north-1:123456789012:{AGENT}"),
        ("mail", "outbox"),
        ("token_authorizer_arn", "arn:aws-cn:lambda:cn-north-1:123456789012:function:authorizer"),
    ),
    "aws-eusc": (
        ("containers", "false"),
        ("region", "eusc-de-east-1"),
        ("archive_region", "eusc-de-east-1"),
        (
            "configuration_agent_layer_arn",
            f"arn:aws-eusc:lambda:eusc-de-east-1:123456789012:{AGENT}",
        ),
    ),
}
"""By partition, what ``-c`` says there in production. The first is what cdk.json has."""
ELSEWHERE = [name for name in CONTEXTS if name != "aws"]
"""The other partitions."""
