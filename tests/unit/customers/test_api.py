"""What the customers API answers, above all to bad input."""

from typing import Any

import pytest

from customers.domain.customer import MAX_ADDRESSES
from shared.runtime.payloads import MAX_EVENT_BYTES
from tests.support.drivers.customers_api import call
from tests.support.examples.people import new_id
from tests.support.fakes.profiles_in_memory import ProfilesInMemory

ADA = {"name": "Ada Quillfeather", "email": "ada@quillfeather.example"}
HOME = {"street": "Wisteria Row 7", "city": "Bristol", "postcode": "BS1 4DJ", "country": "GB"}
UNKNOWN_ID = "6f1c3f0e-6d0f-4a53-9d2e-0b9f6a0c7a55"


@pytest.fixture
def ada(kept: ProfilesInMemory) -> str:
    """The id of a registered customer."""
    customer_id = new_id()
    assert call("register", customer_id, ADA)[0] == 201
    return customer_id


def test_a_registration_is_answered_with_the_profile(kept: ProfilesInMemory) -> None:
    customer_id = new_id()
    status, profile, headers = call("register", customer_id, ADA)
    assert (status, headers["ETag"]) == (201, '"1"')
    assert profile["customer_id"] == customer_id
    assert (profile["name"], profile["email"]) == (ADA["name"], ADA["email"])
    assert call("read", customer_id)[:2] == (200, profile)
    assert call("register", customer_id, ADA)[:2] == (201, profile)


def test_a_new_name_is_a_new_version(ada: str) -> None:
    status, profile, headers = call("register", ada, {**ADA, "name": "Ada Q."})
    assert (status, profile["name"], headers["ETag"]) == (200, "Ada Q.", '"2"')


def test_an_address_is_found_under_its_location(ada: str) -> None:
    status, profile, headers = call("add", ada, {**HOME, "extra": "Flat 2"})
    its_id = profile["addresses"][0]["address_id"]
    assert status == 201
    assert headers["Location"] == f"/v1/customers/me/addresses/{its_id}"
    status, profile, _ = call("replace", ada, {**HOME, "street": "Row 8"}, address_id=its_id)
    assert status == 200
    assert profile["addresses"] == [
        {"address_id": its_id, **HOME, "street": "Row 8", "extra": None}
    ]


def test_forgetting_answers_the_same_every_time(ada: str, kept: ProfilesInMemory) -> None:
    assert call("forget", ada)[:2] == (204, None)
    first = kept.tombstones[ada]
    assert call("forget", ada)[:2] == (204, None)
    assert kept.tombstones[ada] == first


@pytest.mark.parametrize("operation", ["register", "read", "add", "replace"])
def test_who_is_forgotten_is_gone(ada: str, operation: str) -> None:
    call("forget", ada)
    body = {"register": ADA, "add": HOME, "replace": HOME}.get(operation)
    status, problem, _ = call(operation, ada, body, address_id=UNKNOWN_ID)
    assert (status, problem["type"].rsplit("/", 1)[1]) == (410, "customer-forgotten")


@pytest.mark.parametrize("operation", ["read", "add", "replace"])
def test_who_is_not_registered_is_not_found(kept: ProfilesInMemory, operation: str) -> None:
    body = {"add": HOME, "replace": HOME}.get(operation)
    status, problem, _ = call(operation, new_id(), body, address_id=UNKNOWN_ID)
    assert (status, problem["type"].rsplit("/", 1)[1]) == (404, "customer-not-found")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": " \t "}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": "Ada\nQuillfeather"}, "/name"),
        ({"name": "Ada\n"}, "/name"),
        ({"name": 7}, "/name"),
        ({"name": None}, "/name"),
        ({"email": "ada"}, "/email"),
        ({"email": "ada@home"}, "/email"),
        ({"email": "ada@@quillfeather.example"}, "/email"),
        ({"email": "ada@quillfeather..example"}, "/email"),
        ({"email": "ada q@quillfeather.example"}, "/email"),
        ({"email": "ada@quillfeather.example\n"}, "/email"),
        ({"email": "a" * 65 + "@quillfeather.example"}, "/email"),
        ({"email": "a@" + "b." * 130 + "example"}, "/email"),
        ({"phone": "1"}, ""),
    ],
)
def test_a_registration_of_another_form_is_refused(
    kept: ProfilesInMemory, change: dict[str, Any], pointer: str
) -> None:
    status, problem, _ = call("register", new_id(), {**ADA, **change})
    assert (status, problem["errors"][0]["pointer"]) == (400, pointer)
    assert kept.profiles == {}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"street": ""}, "/street"),
        ({"city": "x" * 201}, "/city"),
        ({"postcode": ""}, "/postcode"),
        ({"postcode": "1" * 17}, "/postcode"),
        ({"postcode": "BS1;"}, "/postcode"),
        ({"country": "GBR"}, "/country"),
        ({"country": "gb"}, "/country"),
        ({"country": "GB\n"}, "/country"),
        ({"extra": ["Flat 2"]}, "/extra"),
        ({"address_id": UNKNOWN_ID}, ""),
    ],
)
@pytest.mark.parametrize("operation", ["add", "replace"])
def test_an_address_of_another_form_is_refused(
    ada: str, kept: ProfilesInMemory, operation: str, change: dict[str, Any], pointer: str
) -> None:
    status, problem, _ = call(operation, ada, {**HOME, **change}, address_id=UNKNOWN_ID)
    assert (status, problem["errors"][0]["pointer"]) == (400, pointer)
    assert kept.profiles[ada].version == 1


@pytest.mark.parametrize(
    "body", ["", "{", "null", "[]", '"Ada"', '{"name": "\\ud800"}', "[" * 9999]
)
@pytest.mark.parametrize("operation", ["register", "add", "replace"])
def test_what_is_no_json_object_is_refused(ada: str, operation: str, body: str) -> None:
    assert call(operation, ada, body, address_id=UNKNOWN_ID)[0] == 400


@pytest.mark.parametrize("operation", ["register", "add", "replace"])
def test_a_huge_body_is_refused(ada: str, operation: str) -> None:
    body = '{"name": "' + "x" * MAX_EVENT_BYTES + '"}'
    assert call(operation, ada, body, address_id=UNKNOWN_ID)[0] == 413


def test_a_country_that_does_not_exist_is_refused(ada: str) -> None:
    status, problem, _ = call("add", ada, {**HOME, "country": "ZZ"})
    assert (status, problem["errors"][0]["pointer"]) == (422, "/country")


@pytest.mark.parametrize("address_id", ["", "1", UNKNOWN_ID, UNKNOWN_ID.upper()])
def test_an_address_of_nobody_is_not_found(ada: str, address_id: str) -> None:
    status, problem, _ = call("replace", ada, HOME, address_id=address_id)
    assert (status, problem["type"].rsplit("/", 1)[1]) == (404, "address-not-found")


def test_an_address_of_somebody_else_is_not_found(ada: str) -> None:
    _, profile, _ = call("add", ada, HOME)
    other = new_id()
    call("register", other, {"name": "Other", "email": "other@example.com"})
    its_id = profile["addresses"][0]["address_id"]
    assert call("replace", other, HOME, address_id=its_id)[0] == 404


def test_one_address_too_many_is_refused(ada: str) -> None:
    for number in range(MAX_ADDRESSES):
        assert call("add", ada, {**HOME, "street": f"Row {number}"})[0] == 201
    status, problem, _ = call("add", ada, HOME)
    assert (status, problem["type"].rsplit("/", 1)[1]) == (409, "too-many-addresses")


def test_a_change_of_an_older_version_is_refused(ada: str, kept: ProfilesInMemory) -> None:
    assert call("add", ada, HOME, if_match='"1"')[0] == 201
    status, problem, _ = call("register", ada, {**ADA, "name": "Ada Q."}, if_match='"1"')
    assert (status, problem["type"].rsplit("/", 1)[1]) == (412, "profile-changed")
    assert kept.profiles[ada].version == 2


@pytest.mark.parametrize("if_match", ["1", '"0"', '"x"', 'W/"1"', '"1", "2"', "*", ""])
def test_an_etag_that_was_never_given_out_is_refused(ada: str, if_match: str) -> None:
    assert call("register", ada, ADA, if_match=if_match)[0] == 400


def test_a_token_without_a_subject_is_refused(kept: ProfilesInMemory) -> None:
    assert call("register", "", ADA)[0] == 401
    assert kept.profiles == {}
