"""An event-sourced aggregate's table, the relay to the log, and the way to read its events."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources

from stacks.constructs.alarms import alarm_when_behind, alarm_when_counted
from stacks.constructs.event_log_access import event_stream_of
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import ServiceTable, number, text


class EventStore(ServiceTable):
    """The counterpart of ``shared.event_sourcing`` in a service's code.

    ``id_name`` is the attribute that holds the aggregate's id, as the service's ``EventCodec`` has
    it. Of a stack's functions, those that touch the table find its name in ``environment``.

    The ids that a caller gives never change: a new one replaces what has it, events included.
    """

    def __init__(
        self,
        stack: ServiceStack,
        id: str = "EventStore",
        *,
        key: kms.IKey,
        id_name: str,
        indexes: Sequence[dynamodb.GlobalSecondaryIndexPropsV2] = (),
    ) -> None:
        super().__init__(
            stack,
            id,
            key=key,
            partition_key=text(id_name),
            sort_key=number("version"),
            stream=dynamodb.StreamViewType.NEW_IMAGE,  # publishing needs no second write
            indexes=indexes,
        )
        self._stack = stack
        self._key = key

    @property
    def environment(self) -> dict[str, str]:
        """As ``shared.event_sourcing.environment.EventStoreEnvironment`` reads it."""
        return {"EVENT_STORE_TABLE": self.table_name}

    def read_by_others(
        self,
        id: str = "ReadEvents",
        *,
        handler: str = "read_events",
        description: str = "Reads events for other services",
        parameter: str = "read-events-arn",
    ) -> MicroserviceFunction:
        """The function that others read an aggregate's events with; they find it by its parameter.

        Its handler is ``shared.event_sourcing.read_events.handler_of``.
        """
        function = MicroserviceFunction(
            self._stack, id, handler=handler, description=description, environment=self.environment
        )
        grant(function, "dynamodb:Query", on=self.table_arn)
        self._key.grant_decrypt(function)
        self._stack.publish(parameter, function.function_arn)
        return function

    def relayed_by(
        self,
        id: str = "Relay",
        *,
        handler: str = "relay",
        description: str,
        parameter: str = "relay-arn",
        reserved_concurrency: int = 20,
    ) -> MicroserviceFunction:
        """The function that puts every event on the log; operations hear when it does not.

        Its handler is ``shared.event_sourcing.relay.handler_of``. It has a concurrency of its own,
        since the table's stream forgets an event after 24 hours.
        """
        stack = self._stack
        event_stream = event_stream_of(stack)
        relay = MicroserviceFunction(
            stack,
            id,
            handler=handler,
            description=description,
            environment={"EVENT_STREAM_ARN": event_stream.stream_arn, **self.environment},
            timeout=Duration.seconds(60),
            reserved_concurrency=reserved_concurrency,
        )
        grant(relay, "kinesis:PutRecords", on=event_stream.stream_arn)
        grant(relay, "dynamodb:Query", on=self.table_arn)
        self._key.grant_decrypt(relay)
        assert event_stream.encryption_key
        event_stream.encryption_key.grant_encrypt(relay)
        relay.add_event_source(
            sources.DynamoEventSource(
                self,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=500,
                parallelization_factor=1,  # more would not keep an aggregate's events in order
                retry_attempts=-1,
                bisect_batch_on_error=True,
                filters=[
                    lambda_.FilterCriteria.filter(
                        {"eventName": lambda_.FilterRule.is_equal("INSERT")}
                    )
                ],
            )
        )
        alarm_when_behind(
            stack, f"{id}Behind", relay, written=self.metric_consumed_write_capacity_units()
        )
        if stack.node.try_find_child("EventsNotPublished") is None:  # a service's count as one
            alarm_when_counted(
                stack,
                "EventsNotPublished",
                metric_name="EventsNotPublished",
                what="events cannot be published",
            )
        stack.publish(parameter, relay.function_arn)
        return relay
