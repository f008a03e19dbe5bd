"""The console tells sagas step by step, and carriers with them, and what it must not it leaves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from console.adapters.sagas_answers import SagaNotKnown, saga, sagas
from console.environment import InspectEnvironment
from console.handlers import inspect, sagas_page
from console.ports import Unanswered
from tests.support.console_contract import problems
from tests.unit.console.test_timeline import NOW, ORDER, STEP, Answers

UNDO = {**STEP, "step": "release-stock", "undoes": ["reserve-stock"]}
OPEN = {**STEP, "step": "gather-quotes", "outcome": None, "answered_at": None}
ROW: dict[str, Any] = {
    "order_id": ORDER,
    "state": "running",
    "attempt": 1,
    "started_at": NOW,
    "waits_for": "gather-quotes",
    "steps": [STEP, UNDO, OPEN],
}
WHOLE = {**ROW, "execution": "secret", "correlation_id": "secret", "causation_id": "secret"}
ENDED = {
    "counts": {"confirmed": 7, "rejected": 2},
    "looked_at": 9,
    "since": NOW,
    "capped": False,
}
QUOTES = {
    "requests": [
        {
            "request_id": "secret",
            "status": "open",
            "deadline": NOW,
            "reason": None,
            "carriers": [
                {"name": "tern-post", "state": "late", "chosen": False, "price": "secret"}
            ],
        }
    ],
    "capped": False,
}


class Functions(Answers):
    """Fulfilment's function, which has another answer for those that have ended."""

    def __init__(self, open: Any, ended: Any) -> None:
        super().__init__(sagas=open, ended=ended)

    def ask(self, arn: str, request: Any) -> Any:
        return super().ask("ended" if request == {"ended": True} else arn, request)


def several(
    *rows: dict[str, Any], counted: int | None = None, ended: Any = ENDED, **of: Any
) -> dict[str, Any]:
    listed = len([it for it in rows if it["state"] != "ended"])
    answer = {"sagas": list(rows), "counted": counted or listed, "capped": False, **of}
    found = sagas(Functions(answer, ended), "sagas", [])
    assert problems("Sagas", {"as_of": NOW, **found}) == []
    return found


def one(**of: Any) -> dict[str, Any]:
    answers = {"sagas": {"saga": WHOLE}, "quotes": QUOTES, **of}
    found = saga(Answers(**answers), "sagas", "quotes", ORDER)
    assert problems("Saga", {"as_of": NOW, **found}) == []
    assert "secret" not in json.dumps(found)
    return found


def test_sagas_are_counted_by_state_and_those_that_have_ended_are_not() -> None:
    states = ("running", "stuck", "running", "ended")
    found = several(*({**ROW, "state": state} for state in states))
    assert found["counts"] == {"open": 3, "running": 2, "stuck": 1}
    assert found["sagas"][0]["step"] == "gather-quotes"
    assert [it["status"] for it in found["sagas"][0]["steps"]] == ["done", "undone", "running"]
    assert [it["ended_at"] for it in found["sagas"]] == [None, None, None, STEP["answered_at"]]
    assert not found["capped"]


def test_how_the_last_ones_ended_is_told_and_whose_silence_it_is_if_not() -> None:
    found = several(ROW, ended={**ENDED, "secret": 1})
    assert (found["ended"], found["ended_problem"]) == (ENDED, None)
    found = several(ROW, ended=Unanswered("it is late"))
    assert (found["ended"], found["ended_problem"]) == (None, "it is late")
    assert found["counts"]["open"] == 1


def test_what_is_counted_and_not_listed_is_said() -> None:
    assert several(ROW, counted=2)["capped"]
    assert several(ROW, capped=True)["capped"]


def test_orders_are_named_only_when_there_are_some() -> None:
    answers = Functions({"sagas": [], "counted": 0, "capped": False}, ENDED)
    sagas(answers, "sagas", [])
    assert answers.asked["sagas"] == {}
    sagas(answers, "sagas", [ORDER])
    assert answers.asked["sagas"] == {"order_ids": [ORDER]}


def test_one_saga_is_told_with_its_carriers() -> None:
    found = one()
    assert (found["status"], found["steps"][0]["owner"]) == ("running", "inventory")
    (request,) = found["quotes"]
    assert request["carriers"] == [{"name": "tern-post", "state": "late", "chosen": False}]


def test_shipping_that_is_silent_takes_nothing_from_the_steps() -> None:
    found = one(quotes=Unanswered("gone"))
    assert (found["quotes_problem"], len(found["steps"])) == ("gone", 3)


def test_without_fulfilment_there_is_no_answer_and_without_a_saga_none_is_known() -> None:
    with pytest.raises(Unanswered):
        one(sagas=Unanswered("gone"))
    with pytest.raises(SagaNotKnown):
        one(sagas={"saga": None})


class Api:
    """The endpoint, with owners behind it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        told = {"capped": False, "sagas": [ROW], "counted": 1, "saga": WHOLE}
        self.owners = Functions(told, ENDED)
        self.owners.of["quotes"] = QUOTES
        monkeypatch.setattr(sagas_page, "functions", lambda: self.owners)
        settings = InspectEnvironment("/cards", "sagas", "log", "quotes", "alarms", "releases")
        monkeypatch.setattr(sagas_page, "load", lambda _form: settings)

    def get(self, path: str, order_id: str | None = None, **query: str) -> tuple[int, Any]:
        event = {
            "httpMethod": "GET",
            "path": path,
            "resource": path,
            "headers": {},
            "pathParameters": {"order_id": order_id} if order_id else None,
            "queryStringParameters": query or None,
            "requestContext": {"requestId": "r", "authorizer": {"claims": {"sub": "operator"}}},
        }
        answer = inspect.handler(event, None)
        assert answer["headers"]["Cache-Control"] == "no-store"
        return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    return Api(monkeypatch)


def test_the_api_answers_for_several_and_for_one(api: Api) -> None:
    status, answer = api.get("/v1/sagas", orders=f"{ORDER},{ORDER}")
    assert (status, problems("Sagas", answer)) == (200, [])
    assert api.owners.asked["sagas"] == {"order_ids": [ORDER, ORDER]}
    status, answer = api.get(f"/v1/sagas/{ORDER}", ORDER)
    assert (status, problems("Saga", answer)) == (200, [])


@pytest.mark.parametrize("orders", ["x", f"{ORDER},", f"{ORDER} {ORDER}", ",".join([ORDER] * 21)])
def test_orders_that_are_no_ids_or_too_many_are_refused(api: Api, orders: str) -> None:
    assert api.get("/v1/sagas", orders=orders)[0] == 400
    assert "sagas" not in api.owners.asked


def test_an_id_that_is_none_an_order_without_a_saga_and_a_silent_owner(api: Api) -> None:
    assert api.get("/v1/sagas/x", "x")[0] == 400
    api.owners.of["sagas"] = {"saga": None}
    assert api.get(f"/v1/sagas/{ORDER}", ORDER)[0] == 404
    api.owners.of["sagas"] = Unanswered("gone")
    assert api.get(f"/v1/sagas/{ORDER}", ORDER)[0] == 503
