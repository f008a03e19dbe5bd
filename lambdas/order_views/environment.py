"""Order views' environment."""

import msgspec

from shared.read_models.environment import ConsumerEnvironment


class QueryEnvironment(msgspec.Struct, frozen=True):
    """What the query functions need."""

    order_view_table: str


class PartnerEnvironment(QueryEnvironment, frozen=True):
    """What partners' queries need besides: whose customer it is."""

    find_partner_customer_arn: str


class GraphEnvironment(msgspec.Struct, frozen=True):
    """What the GraphQL API's function needs besides."""

    read_events_arn: str


class ProjectorEnvironment(ConsumerEnvironment, frozen=True):
    """What the projector needs, and operators' functions with it."""

    order_view_table: str
