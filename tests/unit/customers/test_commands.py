"""Registering, keeping addresses, and being forgotten."""

from collections.abc import Callable

import pytest

from customers import commands, queries
from customers.domain.customer import MAX_ADDRESSES, Address, Customer, Tombstone
from customers.domain.errors import (
    AddressNotFound,
    CustomerForgotten,
    CustomerNotRegistered,
    ProfileContended,
    TooManyAddresses,
    UnknownCountry,
    VersionMismatch,
)
from tests.support.examples.people import ADA, HOME, LATER, NOON, RENAMED, WORK, new_id, tombstone
from tests.support.fakes.profiles_in_memory import ProfilesInMemory

ADA_ID = new_id()


@pytest.fixture
def profiles() -> ProfilesInMemory:
    return ProfilesInMemory()


def noon() -> str:
    return NOON


def later() -> str:
    return LATER


def register(profiles: ProfilesInMemory, expected: int | None = None) -> Customer:
    return commands.register(profiles, noon, ADA_ID, ADA, expected)


def add(profiles: ProfilesInMemory, address: Address = HOME) -> tuple[Customer, str]:
    return commands.add_address(profiles, later, new_id, ADA_ID, address)


def test_who_registers_is_known(profiles: ProfilesInMemory) -> None:
    register(profiles)
    known = queries.profile(profiles, ADA_ID)
    assert (known.contact, known.version, known.registered_at) == (ADA, 1, NOON)


def test_registering_again_changes_nothing(profiles: ProfilesInMemory) -> None:
    first = register(profiles)
    assert commands.register(profiles, later, ADA_ID, ADA) == first


def test_registering_under_another_name_renames(profiles: ProfilesInMemory) -> None:
    register(profiles)
    _, address_id = add(profiles)
    renamed = commands.register(profiles, later, ADA_ID, RENAMED)
    assert (renamed.contact, renamed.version) == (RENAMED, 3)
    assert (renamed.registered_at, renamed.updated_at) == (NOON, LATER)
    assert renamed.addresses == {address_id: HOME}


def test_who_never_registered_has_no_profile(profiles: ProfilesInMemory) -> None:
    with pytest.raises(CustomerNotRegistered):
        queries.profile(profiles, ADA_ID)
    with pytest.raises(CustomerNotRegistered):
        add(profiles)


def test_an_address_gets_an_id_of_its_own(profiles: ProfilesInMemory) -> None:
    register(profiles)
    _, home = add(profiles, HOME)
    customer, work = add(profiles, WORK)
    assert customer.addresses == {home: HOME, work: WORK}
    assert home != work


def test_the_same_address_keeps_its_id(profiles: ProfilesInMemory) -> None:
    register(profiles)
    once, first_id = add(profiles)
    twice, second_id = add(profiles)
    assert first_id == second_id
    assert twice == once


def test_a_corrected_address_keeps_its_id(profiles: ProfilesInMemory) -> None:
    register(profiles)
    _, its_id = add(profiles, HOME)
    customer = commands.replace_address(profiles, later, ADA_ID, its_id, WORK)
    assert customer.addresses == {its_id: WORK}
    assert commands.replace_address(profiles, later, ADA_ID, its_id, WORK) == customer


def test_only_a_known_address_can_be_corrected(profiles: ProfilesInMemory) -> None:
    register(profiles)
    with pytest.raises(AddressNotFound):
        commands.replace_address(profiles, later, ADA_ID, new_id(), WORK)


def test_an_address_is_in_a_country_that_exists(profiles: ProfilesInMemory) -> None:
    register(profiles)
    _, its_id = add(profiles)
    nowhere = Address("Row 1", "Nowhere", "1", "ZZ")
    with pytest.raises(UnknownCountry):
        add(profiles, nowhere)
    with pytest.raises(UnknownCountry):
        commands.replace_address(profiles, later, ADA_ID, its_id, nowhere)


def test_addresses_are_limited(profiles: ProfilesInMemory) -> None:
    register(profiles)
    for number in range(MAX_ADDRESSES):
        add(profiles, Address(f"Row {number}", "Bristol", "BS1", "GB"))
    with pytest.raises(TooManyAddresses):
        add(profiles, HOME)


def test_a_change_of_what_has_changed_meanwhile_is_refused(profiles: ProfilesInMemory) -> None:
    register(profiles)
    add(profiles)
    with pytest.raises(VersionMismatch) as refusal:
        commands.register(profiles, later, ADA_ID, RENAMED, expected_version=1)
    assert refusal.value.current == 2
    assert profiles.profiles[ADA_ID].contact == ADA


def test_a_repeated_change_is_not_refused_because_of_itself(profiles: ProfilesInMemory) -> None:
    register(profiles)
    renamed = commands.register(profiles, later, ADA_ID, RENAMED, expected_version=1)
    assert commands.register(profiles, later, ADA_ID, RENAMED, expected_version=1) == renamed


def test_a_change_that_expects_a_profile_makes_none(profiles: ProfilesInMemory) -> None:
    with pytest.raises(VersionMismatch):
        register(profiles, expected=1)
    assert profiles.profiles == {}


class Contended(ProfilesInMemory):
    """Somebody else is always a moment faster, for as long as ``rivals`` last."""

    def __init__(self, rivals: int) -> None:
        super().__init__()
        self.rivals = rivals

    def save(self, customer: Customer, base_version: int) -> bool:
        if base_version and self.rivals:
            self.rivals -= 1
            known = self.profiles[customer.id]
            address = Address(f"Row {self.rivals}", "Bristol", "BS1", "GB")
            rival = known.with_new_address(new_id(), address, LATER)
            assert super().save(rival, known.version)
        return super().save(customer, base_version)

    def forget(self, tombstone: Tombstone) -> bool:
        if self.rivals:
            self.rivals -= 1
            return False
        return super().forget(tombstone)


def test_two_changes_at_once_are_both_kept() -> None:
    profiles = Contended(rivals=2)
    register(profiles)
    renamed = commands.register(profiles, later, ADA_ID, RENAMED)
    assert renamed.contact == RENAMED
    assert len(renamed.addresses) == 2


@pytest.mark.parametrize(
    "command",
    [
        lambda profiles: commands.register(profiles, later, ADA_ID, RENAMED),
        lambda profiles: commands.forget(profiles, tombstone(ADA_ID)),
    ],
)
def test_who_keeps_losing_is_told_so(command: Callable[[ProfilesInMemory], object]) -> None:
    profiles = Contended(rivals=100)
    register(profiles)
    with pytest.raises(ProfileContended):
        command(profiles)


def test_forgetting_waits_for_a_change_that_is_under_way() -> None:
    profiles = Contended(rivals=2)
    register(profiles)
    commands.forget(profiles, tombstone(ADA_ID))
    assert profiles.profiles == {}


def test_who_is_forgotten_stays_so(profiles: ProfilesInMemory) -> None:
    register(profiles)
    commands.forget(profiles, tombstone(ADA_ID))
    commands.forget(profiles, tombstone(ADA_ID))
    for attempt in (lambda: register(profiles), lambda: add(profiles)):
        with pytest.raises(CustomerForgotten):
            attempt()
    with pytest.raises(CustomerForgotten):
        queries.profile(profiles, ADA_ID)
    assert profiles.profiles == {}


def test_a_registration_that_arrives_after_the_forgetting_is_refused(
    profiles: ProfilesInMemory,
) -> None:
    commands.forget(profiles, tombstone(ADA_ID))
    with pytest.raises(CustomerForgotten):
        register(profiles)
    assert profiles.profiles == {}
