"""Partners' customers: under a reference that nobody else can use, found for the other services."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from customers.handlers import find_partner_customer
from customers_language.references import customer_of_partner
from tests.support.drivers.customers_api import call
from tests.support.fakes.profiles_in_memory import ProfilesInMemory

ADA = {"name": "Ada Quillfeather", "email": "ada@quillfeather.example"}
HOME = {"street": "Wisteria Row 7", "city": "Bristol", "postcode": "BS1 4DJ", "country": "GB"}
PARTNER, ANOTHER, REFERENCE = "partner-one", "partner-two", "shopper-4711"


def found(partner: str = PARTNER, reference: str = REFERENCE) -> Any:
    return find_partner_customer.handler({"partner_id": partner, "reference": reference}, None)


def test_a_registered_one_is_found_by_its_partner_alone(kept: ProfilesInMemory) -> None:
    assert found() is None
    status, profile, _ = call("register", PARTNER, ADA, reference=REFERENCE)
    assert status == 201
    assert profile["customer_id"] == found() == customer_of_partner(PARTNER, REFERENCE)
    assert found(ANOTHER) is None
    assert call("read", ANOTHER, reference=REFERENCE)[0] == 404
    assert REFERENCE not in repr(kept.profiles)


def test_two_partners_may_use_the_same_reference(kept: ProfilesInMemory) -> None:
    ids = [
        call("register", it, ADA, reference=REFERENCE)[1]["customer_id"]
        for it in (PARTNER, ANOTHER)
    ]
    assert len({*ids, PARTNER, ANOTHER}) == 4


def test_an_address_is_found_under_its_location(kept: ProfilesInMemory) -> None:
    call("register", PARTNER, ADA, reference=REFERENCE)
    status, profile, headers = call("add", PARTNER, HOME, reference=REFERENCE)
    its_id = profile["addresses"][0]["address_id"]
    assert status == 201
    assert headers["Location"] == f"/v1/partner-customers/{REFERENCE}/addresses/{its_id}"


def test_who_is_forgotten_is_nobodys_customer(kept: ProfilesInMemory) -> None:
    call("register", PARTNER, ADA, reference=REFERENCE)
    assert call("forget", PARTNER, reference=REFERENCE)[0] == 204
    assert found() is None
    assert call("register", PARTNER, ADA, reference=REFERENCE)[0] == 410


@pytest.mark.parametrize("reference", ["a b", "a/b", "x" * 65, "", "ada\n", "é", "%2e"])
def test_what_is_no_reference_is_not_found(kept: ProfilesInMemory, reference: str) -> None:
    for operation, body in (("register", ADA), ("read", None), ("forget", None)):
        assert call(operation, PARTNER, body, reference=reference)[0] == 404
    assert not kept.profiles
    assert not kept.tombstones


@pytest.mark.parametrize(
    "asked", [{}, {"partner_id": PARTNER}, {"partner_id": "", "reference": "a"}, {"reference": 1}]
)
def test_a_question_of_another_form_is_refused(asked: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        find_partner_customer.handler(asked, None)
