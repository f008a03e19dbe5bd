"""A query over a partition has its condition read once, and finds what it found before."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from bundling.workspace import ROOT

EMULATOR = ROOT / ".venv-emulator" / "bin" / "python"
ITEMS = 40
ASKED = """
import importlib.util, json, sys
from ministack.services import dynamodb

spec = importlib.util.spec_from_file_location("engine_conditions", sys.argv[1])
conditions = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conditions)

asked = json.load(sys.stdin)
for table in asked["tables"]:
    assert dynamodb._create_table(table)[0] == 200
for put in asked["puts"]:
    assert dynamodb._put_item(put)[0] == 200
read = 0
evaluate = dynamodb._evaluate_condition
def counted(*condition, **slot):
    global read
    read += 1
    return evaluate(*condition, **slot)
dynamodb._evaluate_condition = counted
before = [dynamodb._query(dict(it)) for it in asked["queries"]]
conditions.read_conditions_once(dynamodb)
answers, counts = [], []
for query in asked["queries"]:
    read = 0
    answers.append(dynamodb._query(query))
    counts.append(read)
json.dump({
    "statuses": [it[0] for it in answers],
    "bodies": [it[2].decode() for it in answers],
    "before": [it[2].decode() for it in before],
    "read": counts,
}, sys.stdout)
"""


def table(name: str, sorted_by: str) -> dict[str, Any]:
    return {
        "TableName": name,
        "KeySchema": [
            {"AttributeName": "whose", "KeyType": "HASH"},
            {"AttributeName": "since", "KeyType": "RANGE"},
        ],
        "AttributeDefinitions": [
            {"AttributeName": "whose", "AttributeType": "S"},
            {"AttributeName": "since", "AttributeType": sorted_by},
        ],
        "BillingMode": "PAY_PER_REQUEST",
    }


def query(name: str, condition: str, **values: dict[str, str]) -> dict[str, Any]:
    return {
        "TableName": name,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": {f":{key}": value for key, value in values.items()},
    }


def text(number: int) -> dict[str, str]:
    return {"S": f"{number:03d}-é\N{GRINNING FACE}"}


ALL = {"S": "a"}
NAMED = query("texts", "#whose = :all AND #since > :low", all=ALL, low=text(20)) | {
    "ExpressionAttributeNames": {"#whose": "whose", "#since": "since"}
}
BY_TEXT = [
    query("texts", "whose = :all", all=ALL),
    query("texts", "whose = :all AND since = :one", all=ALL, one=text(3)),
    query("texts", "whose = :all AND since >= :low", all=ALL, low=text(7)),
    query("texts", "whose = :all AND since <= :high", all=ALL, high=text(7)),
    query(
        "texts", "whose = :all AND since between :low and :high", all=ALL, low=text(5), high=text(9)
    ),
    NAMED,
]
OTHERS = [
    query("texts", "since < :high and :all = whose", all=ALL, high=text(7)),
    query("texts", "whose = :all AND begins_with(since, :some)", all=ALL, some={"S": "01"}),
    query("numbers", "whose = :all AND since > :low", all=ALL, low={"N": "9"}),
]
REFUSED = [
    query(
        "texts", "whose = :all AND since BETWEEN :high AND :low", all=ALL, low=text(5), high=text(9)
    ),
    query("texts", "whose = :all AND since > :low", all=ALL, low={"N": "9"}),
    query("texts", "whose = :all AND", all=ALL),
]


@pytest.fixture(scope="module")
def answered() -> dict[str, Any]:
    asked = {
        "tables": [table("texts", "S"), table("numbers", "N")],
        "puts": [
            {"TableName": name, "Item": {"whose": ALL, "since": at}}
            for number in range(ITEMS)
            for name, at in (("texts", text(number)), ("numbers", {"N": str(number)}))
        ],
        "queries": BY_TEXT + OTHERS + REFUSED,
    }
    found = subprocess.run(
        [EMULATOR, "-c", ASKED, ROOT / "tools" / "emulator" / "engine_conditions.py"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    answers: dict[str, Any] = json.loads(found.stdout)
    return answers


def test_every_query_is_answered_as_before(answered: dict[str, Any]) -> None:
    assert answered["bodies"] == answered["before"]
    assert answered["statuses"] == [200] * len(BY_TEXT + OTHERS) + [400] * len(REFUSED)
    found = [json.loads(it)["Count"] for it in answered["bodies"][: len(BY_TEXT + OTHERS)]]
    assert found == [40, 1, 33, 8, 5, 19, 7, 10, 30]


def test_a_condition_over_texts_is_read_once(answered: dict[str, Any]) -> None:
    assert answered["read"][: len(BY_TEXT)] == [1] * len(BY_TEXT)
    assert answered["read"][len(BY_TEXT) : len(BY_TEXT + OTHERS)] == [ITEMS] * len(OTHERS)
