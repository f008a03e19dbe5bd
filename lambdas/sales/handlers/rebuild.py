"""For operators: a new generation of sales, built from the archive, step by step."""

from functools import cache
from typing import Any

from sales.adapters.sales_table import POINTER
from sales.handlers import projection
from sales.settings import for_projector, for_rebuild
from shared.messaging.log_reader import LogReader
from shared.read_models.archive import Archive
from shared.read_models.generation_items import GenerationItems
from shared.read_models.pointer import Pointer
from shared.read_models.rebuild import Rebuild
from shared.read_models.scratch import Scratch
from shared.runtime import aws

LONG_CALL = 30


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """See ``shared.read_models.rebuild.Request``."""
    return rebuild().answer(event)


@cache
def rebuild() -> Rebuild:
    """The rebuild of this view, as the function's environment wires it."""
    table, settings = for_projector().sales_table, for_rebuild()
    dynamodb, s3 = aws.client("dynamodb"), aws.patient_client("s3", LONG_CALL)
    return Rebuild(
        pointer=Pointer(dynamodb, table, POINTER),
        items=GenerationItems(dynamodb, table, ("pk", "sk")),
        projector=projection.projector,
        archive=Archive(s3, settings.archive_bucket),
        scratch=Scratch(s3, settings.scratch_bucket),
        log=LogReader(aws.patient_client("kinesis", LONG_CALL), settings.event_stream_arn),
    )
