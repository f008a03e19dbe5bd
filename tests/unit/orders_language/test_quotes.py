"""A quote: what pricing has signed for one customer, and nothing else, is verified."""

from __future__ import annotations

import base64
import dataclasses
import hmac
from itertools import islice

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.product import PRODUCT
from orders_language.quotes import LONGEST, ForgedQuote, Quote, QuotedLine, SigningKey, sign, verify
from shared.runtime.secrets import Version

KEY = Version("6d5c1d1e-1111-4222-8333-944445555666", SigningKey("k" * 48))
OTHER = Version("0a0a0a0a-1111-4222-8333-944445555666", SigningKey("o" * 48))
QUOTE = Quote(
    "customer-1",
    (QuotedLine("MUG-BLUE", 2, 1190), QuotedLine("TEA-ASSAM", 1, 850)),
    "EUR",
    "2026-12-01T09:30:00.000Z",
)


def key_of(version: str) -> Version[SigningKey] | None:
    return {KEY.id: KEY, OTHER.id: OTHER}.get(version)


def test_what_is_signed_is_verified() -> None:
    assert verify(sign(QUOTE, KEY), key_of) == QUOTE


def test_fifty_lines_fit() -> None:
    lines = tuple(QuotedLine("A" * 40, 999, 10**7) for _ in range(50))
    assert len(sign(msgspec.structs.replace(QUOTE, lines=lines), KEY)) <= LONGEST


@pytest.mark.parametrize("length", range(1, 9))
def test_terms_of_any_length_are_read(length: int) -> None:
    quote = msgspec.structs.replace(QUOTE, customer_id="c" * length)
    assert verify(sign(quote, KEY), key_of) == quote


def test_the_longest_quote_is_verified_and_none_that_is_longer() -> None:
    quotes = (msgspec.structs.replace(QUOTE, customer_id="c" * size) for size in range(LONGEST))
    by_length = {len(signed): signed for signed in (sign(it, KEY) for it in islice(quotes, 6200))}
    assert verify(by_length[LONGEST], key_of).currency == "EUR"
    with pytest.raises(ForgedQuote, match="form"):
        verify(by_length[min(it for it in by_length if it > LONGEST)], key_of)


def test_a_key_before_the_current_one_still_verifies() -> None:
    assert verify(sign(QUOTE, OTHER), key_of) == QUOTE


@given(st.data())
def test_no_character_can_be_changed(data: st.DataObject) -> None:
    signed = sign(QUOTE, KEY)
    place = data.draw(st.integers(0, len(signed) - 1))
    other = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    forged = signed[:place] + other + signed[place + 1 :]
    if forged != signed:
        with pytest.raises(ForgedQuote):
            verify(forged, key_of)


@given(st.text(max_size=200))
def test_whatever_is_sent_is_refused_and_nothing_breaks(text: str) -> None:
    with pytest.raises(ForgedQuote):
        verify(text, key_of)


@pytest.mark.parametrize(
    "forged",
    [
        sign(QUOTE, Version(KEY.id, OTHER.value)),  # signed by somebody with a key of his own
        sign(QUOTE, OTHER).replace(OTHER.id, KEY.id),
        sign(QUOTE, Version("unknown", KEY.value)),
        sign(QUOTE, KEY) + "=",
        sign(QUOTE, KEY).upper(),
        f"{KEY.id}..{'0' * 64}",
        "." * 10,
        "a" * (LONGEST + 1),
    ],
)
def test_a_forgery_is_refused(forged: str) -> None:
    with pytest.raises(ForgedQuote):
        verify(forged, key_of)


def test_a_signature_is_an_hmac_under_the_key_of_its_purpose_and_all_before_it() -> None:
    signed, _, signature = sign(QUOTE, KEY).rpartition(".")
    content = f"{PRODUCT} quote 1\n{signed}".encode()
    assert signature == hmac.digest(KEY.value.key.encode(), content, "sha256").hex()


def test_a_signature_in_other_letters_is_refused_and_breaks_nothing() -> None:
    terms = sign(QUOTE, KEY).rpartition(".")[0]
    with pytest.raises(ForgedQuote, match="form"):
        verify(f"{terms}.{'é' * 64}", key_of)


@pytest.mark.parametrize("text", [f"{KEY.id}.e30.", f"{KEY.id}..{'0' * 64}", "", "a", "a.b"])
def test_what_has_no_terms_or_no_signature_is_not_even_compared(text: str) -> None:
    with pytest.raises(ForgedQuote, match="form"):
        verify(text, lambda _: pytest.fail("its key is asked for"))


def test_better_terms_need_a_signature_of_their_own() -> None:
    key_id, _, signature = sign(QUOTE, KEY).split(".")
    cheaper = msgspec.structs.replace(QUOTE, lines=(QuotedLine("MUG-BLUE", 2, 1),))
    terms = base64.urlsafe_b64encode(msgspec.json.encode(cheaper)).decode().rstrip("=")
    with pytest.raises(ForgedQuote, match="signature"):
        verify(f"{key_id}.{terms}.{signature}", key_of)


@pytest.mark.parametrize(
    ("customer", "lines", "currency", "fits"),
    [
        ("customer-1", [("MUG-BLUE", 2), ("TEA-ASSAM", 1)], "EUR", True),
        ("customer-2", [("MUG-BLUE", 2), ("TEA-ASSAM", 1)], "EUR", False),
        ("customer-1", [("MUG-BLUE", 2), ("TEA-ASSAM", 1)], "USD", False),
        ("customer-1", [("MUG-BLUE", 3), ("TEA-ASSAM", 1)], "EUR", False),
        ("customer-1", [("TEA-ASSAM", 1), ("MUG-BLUE", 2)], "EUR", False),
        ("customer-1", [("MUG-BLUE", 2)], "EUR", False),
    ],
)
def test_it_is_worth_something_only_for_what_it_was_made_for(
    customer: str, lines: list[tuple[str, int]], currency: str, fits: bool
) -> None:
    assert QUOTE.is_for(customer, lines, currency) is fits


def test_the_key_shows_in_no_quote_and_no_refusal() -> None:
    assert KEY.value.key not in sign(QUOTE, KEY)
    with pytest.raises(ForgedQuote) as raised:
        verify(sign(QUOTE, dataclasses.replace(KEY, value=OTHER.value)), key_of)
    assert KEY.value.key not in str(raised.value)
