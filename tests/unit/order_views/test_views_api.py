"""The queries as API Gateway calls them."""

import json
from typing import Any

import pytest

from order_views.handlers import get_order, list_orders, read_model
from tests.support.examples.order_views import CUSTOMER, GIFT, SOMEBODY_ELSE, a_view, order_id
from tests.support.fakes.in_memory_order_views import InMemoryOrderViews


@pytest.fixture(autouse=True)
def views(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = InMemoryOrderViews(
        [a_view(n, gift=GIFT if n == 2 else None) for n in range(1, 31)]
        + [a_view(40, customer_id=SOMEBODY_ELSE)]
    )
    monkeypatch.setattr(read_model, "views", lambda: kept)


def get(
    handler: Any, its_id: str | None = None, *, route: str = "/v1/orders", **query: str
) -> tuple[int, Any, dict[str, str]]:
    event = {
        "httpMethod": "GET",
        "path": route,
        "resource": route,
        "headers": {},
        "pathParameters": {"order_id": its_id} if its_id is not None else None,
        "queryStringParameters": query or None,
        "requestContext": {"requestId": "r", "authorizer": {"claims": {"sub": CUSTOMER}}},
        "body": None,
    }
    answer = handler(event, None)
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


def test_an_order_is_shown_to_its_customer() -> None:
    status, order, _ = get(get_order.handler, order_id(1))
    assert (status, order["order_id"], order["status"], order["version"]) == (
        200,
        order_id(1),
        "placed",
        1,
    )


@pytest.mark.parametrize(("number", "gift"), [(2, GIFT), (1, None)])
def test_a_gift_is_shown_by_version_2_and_left_out_by_version_1(number: int, gift: Any) -> None:
    _, shown, _ = get(get_order.handler, order_id(number), route="/v2/orders/{order_id}")
    _, listed, _ = get(list_orders.handler, route="/v2/orders", limit="100")
    assert shown in listed["orders"]
    assert shown.pop("gift") == gift
    _, of_before, _ = get(get_order.handler, order_id(number), route="/v1/orders/{order_id}")
    _, all_of_before, _ = get(list_orders.handler, route="/v1/orders", limit="100")
    assert of_before == shown
    assert shown in all_of_before["orders"]


def test_an_order_that_is_not_there_yet_says_when_to_come_back() -> None:
    status, problem, headers = get(get_order.handler, order_id(1), min_version="2")
    assert (status, headers["Retry-After"]) == (404, "1")
    assert problem["title"] == "There is no such order in this version yet"
    assert "min_version asks for; try again" in problem["detail"]


def test_an_order_that_nobody_waits_for_says_nothing_of_coming_back() -> None:
    status, _, headers = get(get_order.handler, order_id(99))
    assert status == 404
    assert "Retry-After" not in headers


@pytest.mark.parametrize("min_version", ["0", "1"])
def test_somebody_elses_order_answers_as_one_that_nobody_placed(min_version: str) -> None:
    theirs, nobodys = (
        get(get_order.handler, its_id, min_version=min_version)
        for its_id in (order_id(40), order_id(99))
    )
    assert theirs[0] == nobodys[0] == 404
    assert theirs[1]["detail"].replace(order_id(40), order_id(99)) == nobodys[1]["detail"]
    assert theirs[2].get("Retry-After") == nobodys[2].get("Retry-After")


@pytest.mark.parametrize("its_id", ["", "1", "pointer", "x" * 5000, order_id(1) + "\n", "\ud800"])
def test_an_id_of_a_foreign_shape_is_an_order_that_does_not_exist(its_id: str) -> None:
    status, problem, _ = get(get_order.handler, its_id)
    assert (status, problem["type"].split("/")[-1]) == (404, "order-not-found")
    assert len(problem["detail"]) < 200


@pytest.mark.parametrize("min_version", ["-1", "two", "1.0", "9" * 30])
def test_a_version_that_is_none_is_refused(min_version: str) -> None:
    assert get(get_order.handler, order_id(1), min_version=min_version)[0] == 400


def test_a_list_comes_in_pages_of_twenty() -> None:
    _, first, _ = get(list_orders.handler)
    assert [order["order_id"] for order in first["orders"]] == [
        order_id(n) for n in range(30, 10, -1)
    ]
    _, second, _ = get(list_orders.handler, page_token=first["next_page_token"])
    assert len(second["orders"]) == 10
    assert second["next_page_token"] is None


@pytest.mark.parametrize("limit", ["0", "101", "-5", "all", ""])
def test_a_page_of_an_impossible_size_is_refused(limit: str) -> None:
    assert get(list_orders.handler, limit=limit)[0] == 400


@pytest.mark.parametrize("token", ["", "pointer", order_id(40), order_id(99), "\ud800", "x" * 5000])
def test_a_forged_page_token_is_refused(token: str) -> None:
    status, problem, headers = get(list_orders.handler, page_token=token)
    assert (status, headers["Content-Type"]) == (400, "application/problem+json")
    assert "page_token" in problem["detail"]
