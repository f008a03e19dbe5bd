"""What is called after the product: no code here has its name, the environment gives it."""

import msgspec

from shared.runtime.environment import load


class ProductEnvironment(msgspec.Struct, frozen=True):
    """What each function is given; metrics are counted under the product's name already."""

    metric_namespace: str
    """The product with a capital, and the environment: ``Shop/dev``."""


def product() -> str:
    """The product's name, in small letters."""
    return load(ProductEnvironment).metric_namespace.partition("/")[0].lower()


def source_of(service: str) -> str:
    """The source by which the bus knows what a service says."""
    return f"{product()}.{service}"


def problem_type(kind: str) -> str:
    """The URI that names a kind of problem (RFC 9457)."""
    return f"https://{product()}.example/problems/{kind}"
