"""The console's environment."""

import msgspec


class ActivityEnvironment(msgspec.Struct, frozen=True):
    """Where activity is kept."""

    activity_table: str
    """Messages and orders of a day."""


class PulseEnvironment(msgspec.Struct, frozen=True):
    """What a pulse tells of the deployment."""

    environment: str
    """Which one this is: dev, staging or prod."""


class RecorderEnvironment(msgspec.Struct, frozen=True):
    """The queue that hears the bus, and where activity is kept."""

    activity_table: str
    dead_letters_url: str
    queue_url: str
    queue_attempts: int


class SiteEnvironment(msgspec.Struct, frozen=True):
    """What the app in the browser is told of where it runs."""

    environment: str
    """Which one this is: dev, staging or prod."""
    login_url: str
    """Where operators log in."""
    client_id: str
    """By which the app is known there."""


class CardsEnvironment(msgspec.Struct, frozen=True):
    """Where services' cards are."""

    cards_path: str
    """The path of their parameters."""


class OwnersEnvironment(CardsEnvironment, frozen=True):
    """The functions of owners that an order's past is read with."""

    read_events_arn: str
    show_sagas_arn: str
    show_notifications_arn: str
    show_archive_arn: str


class InspectEnvironment(CardsEnvironment, frozen=True):
    """What the services and their work are looked at with."""

    show_sagas_arn: str
    show_log_arn: str
    show_quotes_arn: str
    show_alarms_arn: str
    show_releases_arn: str


class OperateEnvironment(CardsEnvironment, frozen=True):
    """What operators change something with, and where it is kept who does."""

    activity_table: str
    show_sagas_arn: str
    resume_arn: str
    """Fulfilment's function that resumes a saga."""
