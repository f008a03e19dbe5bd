"""Fulfilment's environment: each function is given what it needs, and no more."""

import msgspec


class SagaEnvironment(msgspec.Struct, frozen=True):
    """What the functions that start and resume executions need; the deadline is in seconds."""

    sagas_table: str
    open_sagas_index: str
    stuck_sagas_index: str
    state_machine_arn: str
    saga_deadline: int
    """Seconds after which the sweeper looks for an open saga."""


class StarterEnvironment(SagaEnvironment, frozen=True):
    """What starting a saga needs besides: the function by which orders tells an order's events."""

    read_events_arn: str


class MissedEnvironment(SagaEnvironment, frozen=True):
    """What looking for orders without a saga needs besides: the functions that orders publishes."""

    list_events_arn: str
    read_events_arn: str


class QueueEnvironment(msgspec.Struct, frozen=True):
    """What every consumer of a queue is given."""

    dead_letters_url: str
    queue_url: str
    queue_attempts: int


class BusQueueEnvironment(QueueEnvironment, frozen=True):
    """What the consumer of a queue is given that hears the bus."""

    message_sources: str
    """JSON: by type of message, the source from which it counts."""


class TokenEnvironment(msgspec.Struct, frozen=True):
    """What the functions that know tokens need."""

    sagas_table: str
    open_sagas_index: str
    stuck_sagas_index: str


class ShownSagasEnvironment(TokenEnvironment, frozen=True):
    """What sagas are shown with: also the machine, which knows which executions ended lately."""

    state_machine_arn: str


class OwnerEnvironment(msgspec.Struct, frozen=True):
    """The queues that commands are sent to."""

    inventory_queue_url: str
    orders_queue_url: str
    payments_queue_url: str
    shipping_queue_url: str

    @property
    def url_by_owner(self) -> dict[str, str]:
        """By the owner's name, as steps name it."""
        return {
            field.removesuffix("_queue_url").replace("_", "-"): getattr(self, field)
            for field in self.__struct_fields__
        }


class BusEnvironment(msgspec.Struct, frozen=True):
    """What whoever tells the bus needs."""

    bus_name: str
