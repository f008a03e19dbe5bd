"""Three places compared: what each should hold, and what must be published again."""

import pytest

from reconciliation.domain.comparison import ARCHIVE, LOG, PLACES, STORE, Comparison, Name

ORDER = "00000000-0000-4000-8000-000000000001"
RECENT, OLD, YOUNG = (
    "2026-12-01T09:10:00.000Z",
    "2026-10-01T09:10:00.000Z",
    "2026-12-01T09:59:59.999Z",
)
EVENT = Name(ORDER, 1, RECENT)
INTEGRATION_EVENT = Name("00000000-0000-4000-8000-00000000000f", None, RECENT)
MARK = "00000000000000ff"


def comparison(name: Name, *places: str) -> Comparison:
    compared = Comparison(until="2026-12-01T09:30:00.000Z", horizon="2026-11-24T00:00:00.000Z")
    for place in places:
        compared.take_in(place, name, MARK)
    return compared


def where_missing(compared: Comparison) -> set[str]:
    return {place for place in PLACES if compared.missing(place)}


@pytest.mark.parametrize(
    ("name", "places", "missing", "published_again"),
    [
        (EVENT, PLACES, set(), False),
        (EVENT, (STORE,), {LOG, ARCHIVE}, True),
        (EVENT, (STORE, LOG), {ARCHIVE}, False),
        (EVENT, (STORE, ARCHIVE), {LOG}, True),
        (EVENT, (LOG, ARCHIVE), {STORE}, False),
        (INTEGRATION_EVENT, (LOG, ARCHIVE), set(), False),
        (INTEGRATION_EVENT, (LOG,), {ARCHIVE}, False),
        (INTEGRATION_EVENT, (ARCHIVE,), {LOG}, True),
        (Name(ORDER, 1, OLD), (STORE, ARCHIVE), set(), False),
        (Name(ORDER, 1, OLD), (STORE,), {ARCHIVE}, True),
        (Name(ORDER, 1, YOUNG), (STORE,), set(), False),
    ],
)
def test_what_is_missing_where(
    name: Name, places: tuple[str, ...], missing: set[str], published_again: bool
) -> None:
    compared = comparison(name, *places)
    assert where_missing(compared) == missing
    assert bool(compared.unpublished()) == published_again
    (*_, complete) = next(compared.hours(), ("", {}, True))
    assert complete == (not missing)


def test_what_a_place_holds_twice_counts_once() -> None:
    compared = comparison(EVENT, *PLACES, ARCHIVE, LOG)
    ((hour, held, complete),) = compared.hours()
    assert (hour, complete) == ("2026-12-01T09", True)
    assert len(set(held.values())) == 1
    assert held[STORE].events == 1


def test_an_event_that_differs_is_missing_and_unknown() -> None:
    compared = comparison(EVENT, STORE, LOG)
    compared.take_in(ARCHIVE, EVENT, "00000000000000fe")
    assert compared.missing(ARCHIVE)[MARK] == EVENT
    assert compared.missing(STORE) == {"00000000000000fe": EVENT}
    ((_, held, _),) = compared.hours()
    assert held[STORE].events == held[ARCHIVE].events
    assert held[STORE].hash != held[ARCHIVE].hash


@pytest.mark.parametrize("name", [EVENT, INTEGRATION_EVENT])
def test_the_ends_of_a_window_belong_to_it(name: Name) -> None:
    for since, until in ((RECENT, YOUNG), (OLD, RECENT)):
        compared = Comparison(until, horizon=OLD, since=since)
        compared.take_in(ARCHIVE, name, MARK)
        assert compared.missing(LOG) == {MARK: name}


def test_what_happened_at_the_logs_horizon_is_expected_there() -> None:
    compared = Comparison(until=YOUNG, horizon=RECENT)
    compared.take_in(STORE, EVENT, MARK)
    assert compared.missing(LOG) == {MARK: EVENT}
