"""Who may operate: an app that was allowed to, for somebody of the group."""

from __future__ import annotations

import pytest

from console.handlers.operator import operator_of
from shared.runtime.api import Request, Trace

BOTH = "console/operate console/read"


@pytest.mark.parametrize(
    ("scope", "groups", "may"),
    [
        (BOTH, "operators", True),
        (BOTH, "[admins operators]", True),
        (BOTH, "admins,operators", True),
        (BOTH, "", False),
        (BOTH, "not-operators", False),
        ("console/read", "operators", False),
        ("console/operate-not", "operators", False),
        ("", "operators", False),
    ],
)
def test_scope_and_group_are_both_asked_for(scope: str, groups: str, may: bool) -> None:
    claims = {"username": "olga", "scope": scope, "cognito:groups": groups}
    operator = operator_of(asked(claims))
    assert (operator.name, operator.may_operate) == ("olga", may)


def test_a_token_that_says_little_may_little() -> None:
    operator = operator_of(asked({}))
    assert (operator.name, operator.may_operate) == ("a-sub", False)


def asked(claims: dict[str, str]) -> Request:
    trace = Trace("journey", "traceparent")
    return Request("GET", "/v1/pulse", "r", "a-sub", trace, {}, {}, {}, b"", claims=claims)
