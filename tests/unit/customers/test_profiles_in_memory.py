"""The fake keeps the contract, so that tests that rest on it mean something."""

import pytest

from tests.support.contracts.profiles_contract import ProfilesContract
from tests.support.fakes.profiles_in_memory import ProfilesInMemory


class TestProfilesInMemory(ProfilesContract):
    @pytest.fixture
    def profiles(self) -> ProfilesInMemory:
        return ProfilesInMemory()
