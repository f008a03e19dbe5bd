"""Fulfilment's environment: each function is given what it needs, and no more."""

from functools import cache

import msgspec

from shared.runtime import settings


class SagaSettings(msgspec.Struct, frozen=True):
    """What the functions that start and resume executions need; the deadline is in seconds."""

    sagas_table: str
    open_sagas_index: str
    stuck_sagas_index: str
    state_machine_arn: str
    saga_deadline: int
    """Seconds after which an open saga is one to look after."""


class MissedSettings(SagaSettings, frozen=True):
    """What looking for orders without a saga needs besides: the functions that orders publishes."""

    list_events_arn: str
    read_events_arn: str


class QueueSettings(msgspec.Struct, frozen=True):
    """What every consumer of a queue is given."""

    dead_letters_url: str
    queue_url: str
    queue_attempts: int


class BusQueueSettings(QueueSettings, frozen=True):
    """What the consumer of a queue is given that hears the bus."""

    message_sources: str
    """JSON: by type of message, from whom it counts."""


class TokenSettings(msgspec.Struct, frozen=True):
    """What the functions that know tokens need."""

    sagas_table: str
    open_sagas_index: str
    stuck_sagas_index: str


class OwnerSettings(msgspec.Struct, frozen=True):
    """The queues that commands are sent to."""

    inventory_queue_url: str
    orders_queue_url: str
    payments_queue_url: str
    shipping_queue_url: str

    @property
    def url_by_owner(self) -> dict[str, str]:
        """By the owner's name, as steps name it."""
        return {
            "inventory": self.inventory_queue_url,
            "orders": self.orders_queue_url,
            "payments": self.payments_queue_url,
            "shipping": self.shipping_queue_url,
        }


class BusSettings(msgspec.Struct, frozen=True):
    """What whoever tells the bus needs."""

    bus_name: str


@cache
def for_sagas() -> SagaSettings:
    """The settings of the starter, of resume and of the sweeper."""
    return settings.load(SagaSettings)


@cache
def for_missed() -> MissedSettings:
    """The settings of who looks for orders without a saga."""
    return settings.load(MissedSettings)


@cache
def for_queue() -> QueueSettings:
    """The settings of a queue's consumer."""
    return settings.load(QueueSettings)


@cache
def for_bus_queue() -> BusQueueSettings:
    """The settings of a consumer that hears the bus."""
    return settings.load(BusQueueSettings)


@cache
def for_tokens() -> TokenSettings:
    """The settings of the sender and of the reply handler."""
    return settings.load(TokenSettings)


@cache
def for_owners() -> OwnerSettings:
    """The settings of the sender."""
    return settings.load(OwnerSettings)


@cache
def for_bus() -> BusSettings:
    """The settings of who reports stuck sagas."""
    return settings.load(BusSettings)
