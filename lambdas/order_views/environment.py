"""Order views' environment."""

import msgspec

from shared.read_models.environment import ConsumerEnvironment


class QueryEnvironment(msgspec.Struct, frozen=True):
    """What the query functions need."""

    order_view_table: str


class ProjectorEnvironment(ConsumerEnvironment, frozen=True):
    """What the projector needs, and operators' functions with it."""

    order_view_table: str
