"""Who hears the bus of a deployment, found in the deployment itself, and what waits for them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tests.support.drivers.offline import Deployment

WAITING = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


def bus_consumers(deployment: Deployment) -> dict[str, set[str]]:
    """By service, the addresses of the queues that a rule of the bus fills and a function empties.

    Listeners that tests have made are none of them.
    """
    events, sqs = deployment.cloud.client("events"), deployment.cloud.client("sqs")
    functions = deployment.cloud.client("lambda")
    bus = deployment.named("event-log", "buses", "Bus")
    heard = {
        target["Arn"]
        for page in events.get_paginator("list_rules").paginate(EventBusName=bus)
        for rule in page["Rules"]
        for target in events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)["Targets"]
    }
    read = {
        mapping["EventSourceArn"]
        for page in functions.get_paginator("list_event_source_mappings").paginate()
        for mapping in page["EventSourceMappings"]
    }
    found: dict[str, set[str]] = defaultdict(set)
    for service, outputs in deployment.outputs["services"].items():
        for url in outputs.get("queues", {}).values():
            answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
            if answer["Attributes"]["QueueArn"] in heard & read:
                found[service].add(url)
    return dict(found)


def waiting(deployment: Deployment, consumers: dict[str, set[str]]) -> int:
    """How much these have been told and not worked off."""
    sqs: Any = deployment.cloud.client("sqs")
    counts = [
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        for urls in consumers.values()
        for url in urls
    ]
    return sum(int(count[kind]) for count in counts for kind in WAITING)
