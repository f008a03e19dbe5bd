"""No API changes so that its callers break; each kind of break is found, nothing harmless is."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.schemas import APIS, RELEASED_APIS, documents_in
from tools.checks.contracts.api_compatibility import breaking_api_changes
from tools.checks.contracts.release import release_apis

NAME = "orders.json"
NOW = documents_in(APIS)
PLACE, CANCEL = "/v1/orders", "/v1/orders/{order_id}/cancellation"
PARTNERS_PLACE = "/v1/partner-orders"
HISTORY = "/v1/orders/{order_id}/history"
Change = Callable[[Any], None]


def test_no_released_api_is_broken() -> None:
    assert documents_in(RELEASED_APIS)
    assert breaking_api_changes(documents_in(RELEASED_APIS), NOW) == []


def schema(it: Any, name: str) -> Any:
    return it["components"]["schemas"][name]


def fields(it: Any, name: str) -> Any:
    return schema(it, name)["properties"]


def place(it: Any) -> Any:
    return it["paths"][PLACE]["post"]


def remove_an_operation(it: Any) -> None:
    del it["paths"][CANCEL]


def move_an_operation(it: Any) -> None:
    it["paths"]["/v1/orders/{order_id}/past"] = it["paths"].pop(HISTORY)


def change_the_method(it: Any) -> None:
    it["paths"][CANCEL]["put"] = it["paths"][CANCEL].pop("post")


def rename_an_operation(it: Any) -> None:
    place(it)["operationId"] = "order"


def ask_for_another_scope(it: Any) -> None:
    place(it)["security"] = [{"token": ["orders/place"]}]


def ask_for_a_further_scope(it: Any) -> None:
    place(it)["security"][0]["token"].append("orders/read")


def ask_for_a_key(it: Any) -> None:
    place(it)["security"] = [{"key": []}]


def ask_for_a_key_besides(it: Any) -> None:
    place(it)["security"][0]["key"] = []


def require_a_parameter(it: Any) -> None:
    it["components"]["parameters"]["Version"]["required"] = True


def add_a_required_parameter(it: Any) -> None:
    place(it)["parameters"].append(
        {"name": "X-Shop", "in": "header", "required": True, "schema": {"type": "string"}}
    )


def remove_a_parameter(it: Any) -> None:
    it["paths"][HISTORY]["get"]["parameters"].pop(1)


def narrow_a_parameter(it: Any) -> None:
    it["components"]["parameters"]["Version"]["schema"]["maximum"] = 100


def change_a_parameters_pattern(it: Any) -> None:
    it["components"]["parameters"]["IdempotencyKey"]["schema"]["pattern"] = "^[0-9a-f-]{36}$"


def require_a_body(it: Any) -> None:
    it["paths"][HISTORY]["get"]["requestBody"] = place(it)["requestBody"]


def take_no_body(it: Any) -> None:
    del place(it)["requestBody"]


def take_another_media_type(it: Any) -> None:
    content = place(it)["requestBody"]["content"]
    content["application/xml"] = content.pop("application/json")


def require_a_field(it: Any) -> None:
    schema(it, "PlaceOrderForm")["required"].append("quote")


def refuse_a_field(it: Any) -> None:
    del fields(it, "PlaceOrderForm")["quote"]


def change_a_fields_type(it: Any) -> None:
    fields(it, "LineForm")["quantity"]["type"] = "string"


def take_fewer_types(it: Any) -> None:
    del fields(it, "PlaceOrderForm")["quote"]["anyOf"][1]


def take_fewer_lines(it: Any) -> None:
    fields(it, "PlaceOrderForm")["lines"]["maxItems"] = 10


def take_longer_texts_only(it: Any) -> None:
    fields(it, "LineForm")["sku"]["minLength"] = 8


def take_fewer_reasons(it: Any) -> None:
    schema(it, "CancellationReason")["enum"].remove("other")


def bound_what_was_unbound(it: Any) -> None:
    fields(it, "ShipToForm")["country"]["maxLength"] = 1


def list_what_was_any_text(it: Any) -> None:
    fields(it, "PlaceOrderForm")["currency"]["enum"] = ["EUR"]


def answer_another_status(it: Any) -> None:
    responses = place(it)["responses"]
    responses["201"] = responses.pop("202")


def answer_a_further_status(it: Any) -> None:
    place(it)["responses"]["200"] = place(it)["responses"]["202"]


def answer_another_media_type(it: Any) -> None:
    content = place(it)["responses"]["202"]["content"]
    content["text/plain"] = content.pop("application/json")


def remove_an_answers_field(it: Any) -> None:
    del fields(it, "PlacedOrder")["total"]
    schema(it, "PlacedOrder")["required"].remove("total")


def rename_an_answers_field(it: Any) -> None:
    fields(it, "OrderLine")["price"] = fields(it, "OrderLine").pop("unit_price")


def leave_an_answers_field_out(it: Any) -> None:
    schema(it, "PlacedOrder")["required"].remove("total")


def answer_null(it: Any) -> None:
    fields(it, "OrderEvent")["correlation_id"]["type"] = ["string", "null"]


def answer_a_new_status_of_orders(it: Any) -> None:
    schema(it, "OrderStatus")["enum"].append("lost")


def answer_any_status_of_orders(it: Any) -> None:
    del schema(it, "OrderStatus")["enum"]


def answer_negative_amounts(it: Any) -> None:
    del schema(it, "Amount")["minimum"]


def answer_ids_of_another_form(it: Any) -> None:
    schema(it, "Uuid")["pattern"] = "^[0-9A-Z]{26}$"


def remove_a_header(it: Any) -> None:
    del place(it)["responses"]["202"]["headers"]["Location"]


def leave_a_header_out(it: Any) -> None:
    it["components"]["headers"]["Location"]["required"] = False


def rename_a_problem(it: Any) -> None:
    [content] = it["components"]["responses"]["OrderNotFound"]["content"].values()
    content["examples"]["no-such-order"] = content["examples"].pop("order-not-found")


def remove_a_problem(it: Any) -> None:
    [content] = place(it)["responses"]["422"]["content"].values()
    del content["examples"]["unknown-sku"]


def refuse_by_another_status(it: Any) -> None:
    responses = it["paths"][CANCEL]["post"]["responses"]
    responses["410"] = responses.pop("404")


def change_the_form_of_problems(it: Any) -> None:
    del fields(it, "Problem")["detail"]
    schema(it, "Problem")["required"].remove("detail")


def answer_problems_as_text(it: Any) -> None:
    response = it["components"]["responses"]["TooLarge"]
    response["content"] = {"text/plain": next(iter(response["content"].values()))}


BREAKS: dict[Change, str] = {
    remove_an_operation: f"POST {CANCEL}: the operation was removed",
    move_an_operation: f"GET {HISTORY}: the operation was removed",
    change_the_method: f"POST {CANCEL}: the operation was removed",
    rename_an_operation: "operationId is another",
    ask_for_another_scope: "it asks for token orders/place in place of token orders/write",
    ask_for_a_further_scope: "it asks for token orders/read orders/write",
    ask_for_a_key: "it asks for key in place of",
    ask_for_a_key_besides: "it asks for key and token orders/write in place of",
    require_a_parameter: "parameter version: it is required now",
    add_a_required_parameter: "parameter X-Shop: it is required now",
    remove_a_parameter: "parameter at: it was removed",
    narrow_a_parameter: "parameter version: maximum was 1000000000 and is 100",
    change_a_parameters_pattern: "parameter Idempotency-Key: pattern was",
    require_a_body: "a body is required now",
    take_no_body: "the body is not read any more",
    take_another_media_type: "the body is not application/json any more",
    require_a_field: "the body.quote: the field is required now",
    refuse_a_field: "the body.quote: the field was removed or renamed",
    change_a_fields_type: "the body.lines[].quantity: type is narrower than integer: string",
    take_fewer_types: "the body.quote: it has other alternatives",
    take_fewer_lines: "the body.lines: maxItems was 50 and is 10",
    take_longer_texts_only: "the body.lines[].sku: minLength was 1 and is 8",
    take_fewer_reasons: "the body.reason: enum is narrower",
    bound_what_was_unbound: "the body.ship_to.country: maxLength was None and is 1",
    list_what_was_any_text: "the body.currency: enum is narrower than None",
    answer_another_status: "202: it is not answered any more",
    answer_a_further_status: "200: it is a new answer",
    answer_another_media_type: "202: it is not application/json any more",
    remove_an_answers_field: "202.total: the field was removed or renamed",
    rename_an_answers_field: "200.state.lines[].unit_price: the field was removed or renamed",
    leave_an_answers_field_out: "202.total: the field may be missing now",
    answer_null: "200.events[].correlation_id: type is wider",
    answer_a_new_status_of_orders: "202.status: enum is wider",
    answer_any_status_of_orders: "202.status: enum is wider",
    answer_negative_amounts: "202.total: minimum was 0 and is None",
    answer_ids_of_another_form: "202.order_id: pattern was",
    remove_a_header: "202: header Location was removed",
    leave_a_header_out: "202: header Location may be missing now",
    rename_a_problem: "404: the problem order-not-found was removed or renamed",
    remove_a_problem: "422: the problem unknown-sku was removed or renamed",
    refuse_by_another_status: "404: it is not answered any more",
    change_the_form_of_problems: "413.detail: the field was removed or renamed",
    answer_problems_as_text: "413: it is not application/problem+json any more",
}


def after(change: Change) -> list[str]:
    changed = copy.deepcopy(dict(NOW))
    change(changed[NAME])
    return breaking_api_changes(NOW, changed)


@pytest.mark.parametrize("change", BREAKS, ids=lambda it: it.__name__)
def test_a_change_that_breaks_callers_is_found_and_named(change: Change) -> None:
    found = after(change)
    assert any(BREAKS[change] in it for it in found), found
    assert all(it.startswith(f"{NAME}: ") for it in found)


def add_an_operation(it: Any) -> None:
    it["paths"]["/v1/gift-orders"] = it["paths"][PLACE]


def add_an_optional_parameter(it: Any) -> None:
    place(it)["parameters"].append({"name": "X-Shop", "in": "header", "schema": {"type": "string"}})


def require_a_parameter_no_more(it: Any) -> None:
    it["components"]["parameters"]["IdempotencyKey"]["required"] = False


def take_an_optional_field(it: Any) -> None:
    fields(it, "PlaceOrderForm")["gift"] = {"type": "boolean"}


def require_a_field_no_more(it: Any) -> None:
    schema(it, "PlaceOrderForm")["required"].remove("currency")


def take_more_lines(it: Any) -> None:
    fields(it, "PlaceOrderForm")["lines"]["maxItems"] = 90


def take_further_reasons(it: Any) -> None:
    schema(it, "CancellationReason")["enum"].append("moved_away")


def take_any_text(it: Any) -> None:
    del fields(it, "ShipToForm")["postcode_area"]["pattern"]


def answer_a_further_field(it: Any) -> None:
    fields(it, "PlacedOrder")["placed_at"] = {"type": "string"}


def answer_a_field_always(it: Any) -> None:
    schema(it, "Problem")["required"].append("instance")


def answer_a_further_header(it: Any) -> None:
    place(it)["responses"]["202"]["headers"]["ETag"] = {"schema": {"type": "string"}}


def refuse_by_a_further_status(it: Any) -> None:
    place(it)["responses"]["406"] = place(it)["responses"]["413"]


def refuse_for_a_further_reason(it: Any) -> None:
    [content] = place(it)["responses"]["422"]["content"].values()
    content["examples"]["odd"] = content["examples"]["unknown-sku"]


def explain_better(it: Any) -> None:
    it["info"]["description"] = place(it)["summary"] = "Order something"
    fields(it, "PlacedOrder")["total"]["description"] = "What it costs"


def write_in_another_order(it: Any) -> None:
    schema(it, "OrderStatus")["enum"].reverse()
    schema(it, "PlacedOrder")["required"].reverse()
    place(it)["parameters"].reverse()


def call_a_schema_otherwise(it: Any) -> None:
    schemas = it["components"]["schemas"]
    schemas["Ordered"] = schemas.pop("PlacedOrder")
    for path in (PLACE, PLACE.replace("/v1/", "/v2/"), PARTNERS_PLACE):
        content = it["paths"][path]["post"]["responses"]["202"]["content"]["application/json"]
        content["schema"] = {"$ref": "#/components/schemas/Ordered"}


@pytest.mark.parametrize(
    "change",
    [
        add_an_operation,
        add_an_optional_parameter,
        require_a_parameter_no_more,
        take_an_optional_field,
        require_a_field_no_more,
        take_more_lines,
        take_further_reasons,
        take_any_text,
        answer_a_further_field,
        answer_a_field_always,
        answer_a_further_header,
        refuse_by_a_further_status,
        refuse_for_a_further_reason,
        explain_better,
        write_in_another_order,
        call_a_schema_otherwise,
    ],
)
def test_what_breaks_no_caller_passes(change: Change) -> None:
    assert after(change) == []


def test_an_api_that_is_gone_is_found_and_a_new_one_is_none() -> None:
    fewer = {name: it for name, it in NOW.items() if name != NAME}
    assert breaking_api_changes(NOW, fewer) == [
        f"{NAME}: the API is gone, though its callers are not"
    ]
    assert breaking_api_changes(fewer, NOW) == []


def test_a_release_keeps_what_breaks_nobody_and_refuses_the_rest(tmp_path: Path) -> None:
    current, released = tmp_path / "openapi", tmp_path / "released"
    current.mkdir()
    (current / NAME).write_text((APIS / NAME).read_text("utf-8"))
    assert release_apis(current, released) == []
    assert documents_in(released) == {NAME: NOW[NAME]}
    (current / NAME).write_text((APIS / "shipping.json").read_text("utf-8"))
    assert release_apis(current, released)
    assert documents_in(released) == {NAME: NOW[NAME]}
