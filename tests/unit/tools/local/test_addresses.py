"""Addresses that a template joins from ids are the emulator's in the offline copy."""

from __future__ import annotations

from typing import Any

import pytest

from tools.emulator.addresses import at_the_emulator

HERE = "http://127.0.0.1:4566"
SUFFIX = {"Ref": "AWS::URLSuffix"}


def joined(*parts: Any) -> dict[str, Any]:
    return {"Fn::Join": ["", list(parts)]}


def test_an_apis_address_is_where_the_emulator_serves_it() -> None:
    address = joined("https://", {"Ref": "Api"}, ".execute-api.eu-west-1.", SUFFIX, "/live/")
    assert at_the_emulator({"CallbackURLs": [address]}, HERE) == {
        "CallbackURLs": [joined(f"{HERE}/_aws/execute-api/", {"Ref": "Api"}, "/live/")]
    }


def test_an_address_goes_on_after_what_is_replaced() -> None:
    stage = {"Ref": "Stage"}
    address = joined("https://", {"Ref": "Api"}, ".execute-api.eu-west-1.", SUFFIX, "/", stage, "/")
    assert at_the_emulator(address, HERE) == joined(
        f"{HERE}/_aws/execute-api/", {"Ref": "Api"}, "/", stage, "/"
    )


@pytest.mark.parametrize("host", [".auth.eu-west-1", ".auth-fips.us-gov-west-1"])
def test_a_login_is_at_the_emulators_own_address(host: str) -> None:
    login = joined("https://", {"Ref": "Domain"}, f"{host}.amazoncognito.com")
    assert at_the_emulator(login, HERE) == HERE
    page = joined("https://", {"Ref": "Domain"}, f"{host}.amazoncognito.com/login")
    assert at_the_emulator(page, HERE) == f"{HERE}/login"


@pytest.mark.parametrize(
    "other",
    [
        joined("https://", {"Ref": "Api"}, ".execute-api.example.org"),
        joined("https://", {"Ref": "Domain"}, ".auth.example.org"),
        joined("http://", {"Ref": "Api"}, ".execute-api.eu-west-1.", SUFFIX, "/live/"),
        joined("arn:aws:execute-api:eu-west-1:", {"Ref": "Api"}),
        {"Fn::Join": ["/", ["https://", {"Ref": "Api"}, ".execute-api.eu-west-1.", SUFFIX]]},
        {"Fn::Sub": "https://${Api}.execute-api.eu-west-1.amazonaws.com/live/"},
        "https://pay.example",
        7,
    ],
)
def test_everything_else_stays(other: Any) -> None:
    assert at_the_emulator({"Value": [other]}, HERE) == {"Value": [other]}
