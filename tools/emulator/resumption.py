"""After a restart with kept state: makes good what the emulator kept only half of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.base.endpoint import Cloud

_KEPT = ("BatchSize", "FilterCriteria", "BisectBatchOnFunctionError")


def read_streams_from_the_beginning(cloud: Cloud) -> None:
    """Make the mappings of tables' streams again.

    The emulator keeps how far they had read, but not the streams' records: without this, as many
    new records would be skipped as were read before. AWS keeps both.
    """
    functions = cloud.client("lambda")
    for page in functions.get_paginator("list_event_source_mappings").paginate():
        for mapping in page["EventSourceMappings"]:
            if ":dynamodb:" not in mapping["EventSourceArn"]:
                continue
            kept: dict[str, Any] = {name: it for name, it in mapping.items() if name in _KEPT}
            functions.delete_event_source_mapping(UUID=mapping["UUID"])
            functions.create_event_source_mapping(
                FunctionName=mapping["FunctionArn"],
                EventSourceArn=mapping["EventSourceArn"],
                StartingPosition="TRIM_HORIZON",
                **kept,
            )
