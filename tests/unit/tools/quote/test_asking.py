"""`make quote` reads what it is for, and says of each answer what it means."""

from __future__ import annotations

from typing import Any

import pytest

from tools.base.errors import OperationFailed
from tools.base.target import Target
from tools.quote.__main__ import main
from tools.quote.asking import NoQuote, Wanted, by_function, parse, request_of


class FakeTarget(Target):
    """An environment whose quote function answers this."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__("an account", "dev", lambda _: None, is_offline=False)
        self._answers = [answer]

    def call(self, service: str, resource: str, request: Any) -> Any:
        assert (service, resource) == ("pricing", "quote-arn")
        assert request["lines"]
        return self._answers.pop()


REQUEST = request_of("c-1", [Wanted("TEA-SENCHA", 2)])


def test_lines_are_articles_with_a_number_or_one_of_each() -> None:
    assert parse("TEA-SENCHA=2, MUG-RED") == [Wanted("TEA-SENCHA", 2), Wanted("MUG-RED", 1)]
    assert parse(f"TEA-SENCHA={'9' * 5000}")[0].quantity == 2**31 - 1, "pricing refuses it"


@pytest.mark.parametrize("text", ["", ",", "=2", "TEA-SENCHA=two", "A=-1", "A=1.5", "A=٣", "A=1=2"])
def test_what_is_no_line_is_named_with_an_example(text: str) -> None:
    with pytest.raises(NoQuote, match="is no line: write LINES=TEA-SENCHA=2"):
        parse(text)


def test_an_accounts_function_is_asked_and_its_offer_is_the_answer() -> None:
    offer = {"quote": "v.x.y", "total": "2380"}
    assert by_function(FakeTarget({"outcome": "quoted", "quote": offer}), REQUEST) == offer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            {
                "outcome": "refused",
                "problem": {
                    "title": "no",
                    "errors": [{"field": "lines[0].sku", "description": "is not sold here"}],
                },
            },
            r"refuses the request: lines\[0\].sku: is not sold here",
        ),
        (
            {"outcome": "refused", "problem": {"title": "no"}},
            r"refuses the request \(refused\): no",
        ),
        ({"outcome": "unavailable", "reason": "status 503"}, "does not answer .*status 503"),
    ],
)
def test_a_refusal_and_a_silence_are_told_apart(answer: dict[str, Any], said: str) -> None:
    with pytest.raises(OperationFailed, match=said):
        by_function(FakeTarget(answer), REQUEST)


def test_where_nothing_runs_it_says_what_to_start(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--workspace", str(tmp_path)]) == 1
    assert "start it with `make up CONTAINERS=yes`" in capsys.readouterr().err
    assert main(["--workspace", str(tmp_path), "--lines", "x=y"]) == 1
    assert "is no line" in capsys.readouterr().err
