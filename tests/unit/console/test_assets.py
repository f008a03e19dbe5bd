"""The app's files: what a browser gets, how long it may keep it, and what it may then do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from console.adapters import site
from console.handlers import assets
from shared.runtime import environment

SCRIPT = "app-1a2f9a0ae34a.js"
LOGIN = "https://prefix.auth.eu-west-1.example"


@pytest.fixture(autouse=True)
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A built app, and an environment that tells where the login is."""
    for name, text in {"index.html": "<!doctype html>", SCRIPT: "1", "notes.md": "x"}.items():
        (tmp_path / name).write_text(text)
    (tmp_path.parent / "outside.txt").write_text("secret")
    built = {
        "index.html": {"type": "text/html; charset=utf-8", "immutable": False},
        SCRIPT: {"type": "text/javascript; charset=utf-8", "immutable": True},
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"files": built}))
    monkeypatch.setenv("ENVIRONMENT", "dev")
    monkeypatch.setenv("LOGIN_URL", LOGIN)
    monkeypatch.setenv("CLIENT_ID", "a-client")
    environment.forget()
    assets._configuration.cache_clear()
    assets._security_headers.cache_clear()
    found = site.files(tmp_path)
    with mock.patch.object(assets, "files", return_value=found):
        yield tmp_path
    environment.forget()


def get(file: str | None = None, path: str = "/live/") -> dict[str, Any]:
    return assets.handler(
        {
            "resource": "/{file}" if file else "/",
            "pathParameters": {"file": file} if file else None,
            "requestContext": {"stage": "live", "path": path + (file or "")},
        },
        None,
    )


def test_the_page_is_never_kept_and_a_file_with_its_hash_for_ever() -> None:
    page, script = get(), get(SCRIPT)
    assert page["headers"]["Cache-Control"] == "no-store"
    assert script["headers"]["Cache-Control"] == "public, max-age=31536000, immutable"
    assert page["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert script["headers"]["Content-Type"] == "text/javascript; charset=utf-8"
    assert (page["statusCode"], page["body"]) == (200, "<!doctype html>")


@pytest.mark.parametrize("file", [None, SCRIPT, "config.json", "nothing.js"])
def test_every_answer_says_what_a_browser_may_do(file: str | None) -> None:
    headers = get(file)["headers"]
    policy = dict(it.split(" ", 1) for it in headers["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": f"'self' {LOGIN}",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
    }
    assert headers["Strict-Transport-Security"].startswith("max-age=63072000")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_the_app_is_told_where_to_log_in() -> None:
    answer = get("config.json")
    assert json.loads(answer["body"]) == {
        "environment": "dev",
        "login_url": LOGIN,
        "client_id": "a-client",
        "scopes": ["console/read", "console/operate"],
    }
    assert answer["headers"]["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "file",
    ["nothing.js", "../outside.txt", "notes.md", "manifest.json", "index"],
)
def test_what_is_no_file_of_the_app_is_not_there(file: str) -> None:
    answer = get(file)
    assert answer["statusCode"] == 404
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert file not in answer["body"]


def test_an_address_without_its_last_slash_leads_to_the_one_with_it() -> None:
    answer = assets.handler(
        {"resource": "/", "requestContext": {"stage": "live", "path": "/live"}}, None
    )
    assert (answer["statusCode"], answer["headers"]["Location"]) == (308, "live/")
