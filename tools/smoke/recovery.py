"""A check of the way back: a table is restored beside the one in use, and compared with it."""

from __future__ import annotations

import uuid
from typing import Any

from tools.smoke.check import Check, Failed, eventually
from tools.smoke.system import System

RESTORE_SECONDS = 40 * 60
"""A restore takes minutes, however small the table is; AWS promises no time."""


def a_table_can_be_restored(system: System) -> str:
    """Stock's, as of the latest moment that there is: deliveries never change once they are there.

    The restored table has a name of its own and is deleted again.
    """
    dynamodb = system.client("dynamodb")
    source = system.one("inventory", "AWS::DynamoDB::GlobalTable", "Stock")
    scratch = f"{source}-smoke-{uuid.uuid4().hex[:8]}"
    before = _deliveries(dynamodb, source)
    state = dynamodb.describe_continuous_backups(TableName=source)["ContinuousBackupsDescription"]
    recovery = state.get("PointInTimeRecoveryDescription", {})
    if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
        raise Failed(f"{source} has no point-in-time recovery")
    dynamodb.restore_table_to_point_in_time(
        SourceTableName=source, TargetTableName=scratch, UseLatestRestorableTime=True
    )
    system.undo_later(lambda: dynamodb.delete_table(TableName=scratch))

    def is_there() -> bool | None:
        status = dynamodb.describe_table(TableName=scratch)["Table"]["TableStatus"]
        return True if status == "ACTIVE" else None

    eventually(is_there, f"{scratch} is restored", seconds=RESTORE_SECONDS)
    restored = _deliveries(dynamodb, scratch)
    differing = sorted(it for it, item in restored.items() if before.get(it, item) != item)
    if differing:
        raise Failed(f"restored otherwise than they are: {', '.join(differing[:5])}")
    # What was delivered in the last minutes is not restorable yet.
    if before and not restored:
        raise Failed(f"{scratch} has none of the {len(before)} deliveries of {source}")
    return f"{len(restored)} of {len(before)} deliveries, each the same"


def _deliveries(dynamodb: Any, table: str) -> dict[str, Any]:
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return {
        f"{it['sku']['S']} {it['entry']['S']}": it
        for page in pages
        for it in page["Items"]
        if it["entry"]["S"] != "level"
    }


CHECKS = (
    Check(
        "a table can be restored",
        "point-in-time recovery, and the key that the restored table is under",
        a_table_can_be_restored,
        offline="the emulator keeps no past of a table",
    ),
)
