"""What is called after the product in a function: its environment says how."""

import pytest

from shared.runtime.environment import MissingVariable, forget
from shared.runtime.product import problem_type, product, source_of


@pytest.fixture(autouse=True)
def _of_a_shop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRIC_NAMESPACE", "Shop2/prod")
    monkeypatch.setattr("shared.runtime.environment._loaded", {})


def test_metrics_are_counted_under_the_products_name() -> None:
    assert product() == "shop2"


def test_sources_and_types_of_problems_are_called_after_it() -> None:
    assert source_of("orders") == "shop2.orders"
    assert problem_type("teapot") == "https://shop2.example/problems/teapot"


def test_a_function_without_it_does_not_speak_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("METRIC_NAMESPACE")
    forget()
    with pytest.raises(MissingVariable, match="METRIC_NAMESPACE"):
        source_of("orders")
