"""Faults between a template and the code of its functions."""

from tests.infra.planted_faults import FUNCTION, Plant, allow, set_property, set_variable
from tests.infra.rules import Rule, readers, wiring

PLANTED: tuple[tuple[Rule, str, Plant], ...] = (
    (
        wiring.every_handler_is_there_and_has_its_variables,
        "it is misspelt",
        set_property("orders", FUNCTION, "Handler", "orders.handlers.replay.handler"),
    ),
    (
        wiring.every_handler_is_there_and_has_its_variables,
        "a variable is missing",
        set_property("orders", FUNCTION, "Environment", {"Variables": {"SERVICE": "orders"}}),
    ),
    (
        wiring.every_log_line_names_a_trace,
        "nothing says in which trace it is at work",
        set_property("orders", FUNCTION, "Handler", "orders.handlers.publish_to_bus.collect"),
    ),
    (
        wiring.every_variable_is_read,
        "one too many",
        set_variable("orders", "RETRIES_TABLE", "retries"),
    ),
    (
        readers.readers_have_the_agent,
        "a reader has no agent",
        set_property("orders", FUNCTION, "Layers", None, "PlaceOrder"),
    ),
    (
        readers.readers_have_the_agent,
        "the agent is another region's",
        set_property(
            "orders",
            FUNCTION,
            "Layers",
            ["arn:aws:lambda:us-east-1:1:layer:AWS-AppConfig-Extension-Arm64:1"],
            "PlaceOrder",
        ),
    ),
    (
        readers.readers_may_read_their_own_configuration_alone,
        "one may read every configuration",
        allow("orders", "PlaceOrder", "appconfig:GetLatestConfiguration", "*"),
    ),
    (
        readers.readers_may_read_their_own_configuration_alone,
        "one that reads none may",
        allow("orders", "CancelOrder", "appconfig:GetLatestConfiguration", "*"),
    ),
)
