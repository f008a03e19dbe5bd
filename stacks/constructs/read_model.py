"""A read model as a service has it: its table, what keeps it up to date, and what rebuilds it."""

from collections.abc import Sequence

from stacks.constructs.log_consumer import LogConsumer
from stacks.constructs.rebuildable_view import RebuildableView
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import ServiceTable

READS = ("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem")
"""What every projector does with its table: look for checkpoints and the pointer, and write."""


class ReadModel:
    """The counterpart of ``shared.read_models.read_model.ReadModel`` in a service's code.

    ``variable`` is the environment variable with the table's name; ``writes`` are actions on the
    table besides those that every projector needs. ``prefix``, ``fan_out`` and ``read_events_arn``
    are as ``LogConsumer`` has them.
    """

    def __init__(
        self,
        stack: ServiceStack,
        id: str,
        *,
        table: ServiceTable,
        variable: str,
        handler: str,
        description: str,
        writes: Sequence[str],
        prefix: str = "",
        fan_out: bool = False,
        read_events_arn: str | None = None,
    ) -> None:
        assert table.encryption_key is not None
        self.consumer = LogConsumer(
            stack,
            id,
            handler=handler,
            description=description,
            environment={variable: table.table_name},
            key=table.encryption_key,
            prefix=prefix,
            fan_out=fan_out,
            read_events_arn=read_events_arn,
        )
        self.consumer.allow(*READS, *writes, on=table.table_arn)
        self.rebuild = RebuildableView(self.consumer, table)
