"""Orders' environment."""

import msgspec

from shared.read_models.environment import ConsumerEnvironment


class QuoteEnvironment(msgspec.Struct, frozen=True):
    """What placing an order needs besides, if it comes with a quote: where the keys are."""

    quote_signing_secret_arn: str


class PartnerEnvironment(msgspec.Struct, frozen=True):
    """What placing a partner's order needs besides: whose customer it is."""

    find_partner_customer_arn: str


class QueueEnvironment(msgspec.Struct, frozen=True):
    """What the queued commands need: the event store, and the ways out of the queue."""

    event_store_table: str
    bus_name: str
    dead_letters_url: str
    queue_url: str
    queue_attempts: int


class ShownEnvironment(ConsumerEnvironment, frozen=True):
    """What is looked at of the bus publisher."""

    publisher_gate_table: str


class PublisherEnvironment(ShownEnvironment, frozen=True):
    """What the bus publisher needs."""

    bus_name: str
