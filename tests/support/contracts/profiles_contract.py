"""What every way of keeping profiles promises: the tables and the fake that stands in for them."""

import pytest

from customers.domain.customer import Customer
from customers.domain.errors import CustomerForgotten
from customers.ports import Profiles
from tests.support.examples.people import (
    HOME,
    LATER,
    NOON,
    RENAMED,
    WORK,
    new_id,
    registered,
    tombstone,
)


class ProfilesContract:
    """Inherit it, and give it a fixture ``profiles``."""

    def test_nobody_is_known_who_did_not_register(self, profiles: Profiles) -> None:
        assert profiles.find(new_id()) is None

    def test_what_is_saved_is_found_as_it_was(self, profiles: Profiles) -> None:
        customer = registered(new_id())
        for address in (WORK, HOME):
            customer = customer.with_new_address(new_id(), address, LATER)
        customer = Customer(customer.id, 1, RENAMED, NOON, LATER, customer.addresses)
        assert profiles.save(customer, 0)
        found = profiles.find(customer.id)
        assert found == customer
        assert list(found.addresses.values()) == [WORK, HOME]

    def test_a_change_of_what_was_read_is_kept(self, profiles: Profiles) -> None:
        customer = registered(new_id())
        changed = customer.with_contact(RENAMED, LATER)
        assert profiles.save(customer, 0)
        assert profiles.save(changed, 1)
        assert profiles.find(customer.id) == changed

    def test_of_two_changes_of_the_same_version_one_is_kept(self, profiles: Profiles) -> None:
        customer = registered(new_id())
        first = customer.with_contact(RENAMED, LATER)
        second = customer.with_new_address(new_id(), HOME, LATER)
        assert profiles.save(customer, 0)
        assert profiles.save(first, 1)
        assert not profiles.save(second, 1)
        assert profiles.find(customer.id) == first

    def test_of_two_registrations_one_is_kept(self, profiles: Profiles) -> None:
        customer = registered(new_id())
        assert profiles.save(customer, 0)
        assert not profiles.save(Customer.register(customer.id, RENAMED, LATER), 0)
        assert profiles.find(customer.id) == customer

    def test_a_profile_that_is_not_there_cannot_be_changed(self, profiles: Profiles) -> None:
        customer = registered(new_id()).with_contact(RENAMED, LATER)
        assert not profiles.save(customer, 1)
        assert profiles.find(customer.id) is None

    def test_who_is_forgotten_is_not_found(self, profiles: Profiles) -> None:
        customer = registered(new_id())
        assert profiles.save(customer, 0)
        assert profiles.forget(tombstone(customer.id))
        with pytest.raises(CustomerForgotten):
            profiles.find(customer.id)

    @pytest.mark.parametrize("base_version", [0, 1])
    def test_nothing_is_kept_about_who_is_forgotten(
        self, profiles: Profiles, base_version: int
    ) -> None:
        customer = registered(new_id())
        assert profiles.save(customer, 0)
        assert profiles.forget(tombstone(customer.id))
        with pytest.raises(CustomerForgotten):
            profiles.save(customer, base_version)
        with pytest.raises(CustomerForgotten):
            profiles.find(customer.id)

    def test_who_never_registered_can_be_forgotten(self, profiles: Profiles) -> None:
        customer = registered(new_id())
        assert profiles.forget(tombstone(customer.id))
        with pytest.raises(CustomerForgotten):
            profiles.save(customer, 0)

    def test_forgetting_again_changes_nothing(self, profiles: Profiles) -> None:
        customer_id = new_id()
        assert profiles.forget(tombstone(customer_id))
        assert profiles.forget(tombstone(customer_id))
        with pytest.raises(CustomerForgotten):
            profiles.find(customer_id)

    def test_forgetting_one_leaves_the_others(self, profiles: Profiles) -> None:
        one, other = registered(new_id()), registered(new_id())
        assert profiles.save(one, 0)
        assert profiles.save(other, 0)
        assert profiles.forget(tombstone(one.id))
        assert profiles.find(other.id) == other
