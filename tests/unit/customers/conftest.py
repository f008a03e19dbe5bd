"""Profiles in memory behind the real handlers."""

import pytest

from customers.handlers import storage
from tests.support.fakes.profiles_in_memory import ProfilesInMemory


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> ProfilesInMemory:
    """Where the handlers keep profiles during this test."""
    profiles = ProfilesInMemory()
    monkeypatch.setattr(storage, "profiles", lambda: profiles)
    return profiles
