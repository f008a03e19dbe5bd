"""Who logs in is led through the login's own pages alone, as AWS serves them: redirects, a form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest

from tools.base.code_flow import MOST_STEPS, Answer, Login, challenge
from tools.base.errors import TokenError

LOGIN, APP = "https://shop.auth.example", "https://shop.example"
PAGE = """<form action="/login?client_id=c"><input name="_csrf" value="f"><input name="username">
<input name="password"></form><form action="/other"><input name="_csrf" value="f"></form>"""


@dataclass
class Pages:
    """A login as far as a browser sees it; ``leads_to`` is where the filled-in form leads."""

    leads_to: Callable[[str], str] = lambda state: f"{APP}?code=k&state={state}"
    begins_at: str = "/login"
    answer: str = '{"access_token": "t"}'
    asked: dict[str, str] = field(default_factory=dict)
    sent: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        form = {name: it[0] for name, it in parse_qs((body or b"").decode()).items()}
        path = urlsplit(url).path
        if body:
            self.sent.append(form)
        if path == "/oauth2/authorize":
            self.asked = {name: it[0] for name, it in parse_qs(urlsplit(url).query).items()}
            return Answer(url, 302, self.begins_at, ("XSRF-TOKEN=x; Path=/; Secure",), "")
        if path == "/oauth2/token":
            return Answer(url, 200, "", (), self.answer)
        assert headers["Cookie"] == "XSRF-TOKEN=x"
        if body:
            return Answer(url, 302, self.leads_to(self.asked["state"]), (), "")
        return Answer(url, 200, "", (), PAGE)


def login(pages: Pages) -> Login:
    return Login(LOGIN, "c", APP, pages)


def test_a_token_is_got_by_code_with_pkce_and_the_forms_own_secret() -> None:
    pages = Pages()
    assert login(pages).access_token("olga", "secret", "orders/read") == "t"
    assert (pages.asked["scope"], pages.asked["response_type"]) == ("orders/read", "code")
    filled, redeemed = pages.sent
    assert filled == {"_csrf": "f", "username": "olga", "password": "secret"}
    assert redeemed["code"] == "k"
    assert challenge(redeemed["code_verifier"]) == pages.asked["code_challenge"]


@pytest.mark.parametrize(
    "leads_to",
    [
        lambda _: f"{APP}?code=k&state=somebody-elses",
        lambda state: f"{APP}?error=access_denied&error_description=no&state={state}",
        lambda state: f"{APP}.evil.example?code=k&state={state}",
        lambda _: "http://shop.auth.example/login",
        lambda _: "/login",
    ],
)
def test_who_is_led_elsewhere_gets_no_token(leads_to: Callable[[str], str]) -> None:
    pages = Pages(leads_to)
    with pytest.raises(TokenError, match=r"login|log in"):
        login(pages).access_token("olga", "secret", "orders/read")
    assert not any("code" in it for it in pages.sent)


def test_scopes_that_the_app_may_not_ask_for_are_refused_before_a_password_is_sent() -> None:
    pages = Pages(begins_at=f"{APP}?error=invalid_request&error_description=invalid_scope")
    with pytest.raises(TokenError, match="invalid_scope"):
        login(pages).access_token("olga", "secret", "console/operate")
    assert pages.sent == []


def test_a_login_that_goes_round_in_circles_ends() -> None:
    pages = Pages(begins_at="/oauth2/authorize")
    with pytest.raises(TokenError, match="circles"):
        login(pages).access_token("olga", "secret", "orders/read")
    assert MOST_STEPS < 10


@pytest.mark.parametrize("answer", ["", "[]", "{}", '{"error": "invalid_grant"}', "<html>"])
def test_an_answer_without_a_token_is_an_error(answer: str) -> None:
    with pytest.raises(TokenError, match="gives no token"):
        login(Pages(answer=answer)).access_token("olga", "secret", "orders/read")
