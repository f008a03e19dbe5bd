"""Tells operators through the topic that alarms use."""

from typing import Any

from audit.domain.forbidden_change import ForbiddenChange


class OperationsTopic:
    """``client`` is a botocore SNS client."""

    def __init__(self, client: Any, topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def tell(self, change: ForbiddenChange, outcome: str) -> None:
        """One message for each change: what, on what, who, when, and what has become of it."""
        self._client.publish(
            TopicArn=self._topic_arn,
            Subject="Forbidden change",  # SNS takes 100 characters of ASCII
            Message=(
                f"{change.call} on {change.target}\n"
                f"by {change.who}\n"
                f"at {change.when}, CloudTrail's event {change.event_id}\n"
                f"{outcome}\n"
                'See "audit" in docs/operations.md'
            ),
        )
