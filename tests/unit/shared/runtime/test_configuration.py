"""Configuration while a process runs: the newest right document, and what happens without one."""

import json
from collections.abc import Iterable, Iterator
from http.client import BadStatusLine
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime import configuration
from shared.runtime.configuration import (
    NoConfiguration,
    Profile,
    Refused,
    Violation,
    WithoutSource,
    current,
)
from shared.runtime.environment import MissingVariable
from tests.support.fakes.clock import Clock
from tests.support.fakes.fake_agent import ENVIRONMENT, FakeAgent, answering


class Shop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    greeting: str = "welcome"
    most_items: Annotated[int, msgspec.Meta(ge=1, le=50)] = 50
    doors: tuple[str, ...] = ()


def _doors_differ(shop: Shop) -> Iterable[Violation]:
    for index, door in enumerate(shop.doors):
        if door in shop.doors[:index]:
            yield Violation(f"/doors/{index}", "each door once", door)


SHOP = Profile("settings", Shop, check=_doors_differ)
STRICT = Profile("strict", Shop, without_source=WithoutSource.REFUSE)


class PollingClock(Clock):
    """A clock that knows how often the agent is asked."""

    def pass_interval(self) -> None:
        self.now += float(ENVIRONMENT["CONFIGURATION_POLL_SECONDS"])


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> PollingClock:
    time = PollingClock()
    monkeypatch.setattr("shared.runtime.configuration.time.monotonic", time)
    return time


@pytest.fixture
def agent(clock: PollingClock) -> Iterator[FakeAgent]:
    with answering(FakeAgent()) as fake:
        yield fake


def deploy(agent: FakeAgent, document: Any, profile: str = "settings") -> None:
    agent.documents[profile] = json.dumps(document).encode()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def counted(written: list[dict[str, Any]], metric: str) -> int:
    return sum(line.get(metric, 0) for line in written)


def test_a_process_reads_what_is_deployed(agent: FakeAgent) -> None:
    deploy(agent, {"greeting": "hello"})
    assert current(SHOP) == Shop(greeting="hello")
    assert agent.requests == [
        "/applications/application-id/environments/environment-id/configurations/settings"
    ]


def test_an_agent_that_wants_a_token_gets_it_and_answers_nobody_else(
    agent: FakeAgent, clock: PollingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(agent, {"greeting": "hello"})
    agent.token = "t" * 48
    assert current(SHOP) == Shop()
    monkeypatch.setenv("CONFIGURATION_AGENT_TOKEN", agent.token)
    configuration.forget()
    assert current(SHOP) == Shop(greeting="hello")


def test_within_the_interval_nobody_is_asked(agent: FakeAgent, clock: PollingClock) -> None:
    deploy(agent, {"greeting": "hello"})
    first = current(SHOP)
    clock.now += 14.9
    agent.fault = AssertionError("a fresh value needs no answer")
    assert all(current(SHOP) is first for _ in range(100))
    assert len(agent.requests) == 1


def test_the_same_process_serves_the_old_value_and_then_the_new(
    agent: FakeAgent, clock: PollingClock
) -> None:
    deploy(agent, {"greeting": "old"})
    assert current(SHOP).greeting == "old"
    deploy(agent, {"greeting": "new"})
    assert current(SHOP).greeting == "old"
    clock.pass_interval()
    assert current(SHOP).greeting == "new"


def test_an_unchanged_document_is_not_parsed_again(agent: FakeAgent, clock: PollingClock) -> None:
    deploy(agent, {"greeting": "hello"})
    first = current(SHOP)
    clock.pass_interval()
    assert current(SHOP) is first
    assert len(agent.requests) == 2


@pytest.mark.parametrize(
    "fault",
    [ConnectionRefusedError(), TimeoutError(), BadStatusLine("?")],
    ids=["nobody listens", "no answer in time", "no HTTP"],
)
def test_an_unreachable_agent_leaves_the_last_value_in_force(
    agent: FakeAgent, clock: PollingClock, fault: Exception
) -> None:
    deploy(agent, {"greeting": "old"})
    current(SHOP)
    agent.fault = fault
    clock.pass_interval()
    assert current(SHOP).greeting == "old"
    agent.fault = None
    deploy(agent, {"greeting": "new"})
    assert current(SHOP).greeting == "old", "not before the next interval"
    clock.pass_interval()
    assert current(SHOP).greeting == "new"


@pytest.mark.parametrize("status", [400, 404, 429, 500, 502, 504])
def test_an_answer_that_is_an_error_leaves_the_last_value_in_force(
    agent: FakeAgent, clock: PollingClock, status: int
) -> None:
    deploy(agent, {"greeting": "old"})
    current(SHOP)
    agent.status = status
    deploy(agent, {})  # which would be right, had the answer been a configuration
    clock.pass_interval()
    assert current(SHOP).greeting == "old"


@pytest.mark.parametrize("status", [200, 500])
def test_no_answer_is_no_wrong_document(
    agent: FakeAgent, clock: PollingClock, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    deploy(agent, {"greeting": "old"})
    current(SHOP)
    agent.status = status
    agent.documents["settings"] = b""
    clock.pass_interval()
    assert current(SHOP).greeting == "old"
    written = lines(capsys)
    assert counted(written, "ConfigurationUnreachable") == 1
    assert counted(written, "ConfigurationRefused") == 0, "that would roll a deployment back"


def test_a_document_that_is_refused_leaves_the_last_value_in_force(
    agent: FakeAgent, clock: PollingClock, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(agent, {"greeting": "old"})
    current(SHOP)
    deploy(agent, {"greeting": "new", "most_items": 51})
    for _ in range(3):
        clock.pass_interval()
        assert current(SHOP).greeting == "old"
    written = lines(capsys)
    assert counted(written, "ConfigurationRefused") == 1, "once, and not at each look"
    (error,) = [line for line in written if line.get("level") == "ERROR"]
    assert error["violations"] == ["/most_items: Expected `int` <= 50; found 51"]
    assert error["version"] == "7"


def test_after_a_rollback_the_old_document_is_right_again(
    agent: FakeAgent, clock: PollingClock, capsys: pytest.CaptureFixture[str]
) -> None:
    for greeting, most_items in (("old", 1), ("bad", 0), ("old", 1), ("bad", 0)):
        deploy(agent, {"greeting": greeting, "most_items": most_items})
        clock.pass_interval()
        assert current(SHOP) == Shop(greeting="old", most_items=1)
    assert counted(lines(capsys), "ConfigurationRefused") == 2


def test_log_and_metric_tell_of_a_change_of_state_once(
    agent: FakeAgent, clock: PollingClock, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(agent, {})
    for fault in (None, TimeoutError(), TimeoutError(), ConnectionRefusedError(), None, None):
        agent.fault = fault
        current(SHOP)
        clock.pass_interval()
    written = lines(capsys)
    assert counted(written, "ConfigurationUnreachable") == 1
    assert [line["message"] for line in written if "message" in line] == [
        "configuration in force",
        "configuration unreachable",
        "configuration reachable again",
    ]


def test_without_a_source_a_process_begins_with_the_packaged_default(
    agent: FakeAgent, clock: PollingClock, capsys: pytest.CaptureFixture[str]
) -> None:
    agent.fault = ConnectionRefusedError()
    assert current(SHOP) == Shop()
    assert "packaged default in force" in {line.get("message") for line in lines(capsys)}
    agent.fault = None
    deploy(agent, {"greeting": "hello"})
    clock.pass_interval()
    assert current(SHOP).greeting == "hello"


def test_a_process_that_begins_with_a_wrong_document_uses_the_default_too(
    agent: FakeAgent,
) -> None:
    deploy(agent, {"most_items": -1})
    assert current(SHOP) == Shop()


@pytest.mark.parametrize("document", [None, {"most_items": -1}], ids=["none", "a wrong one"])
def test_where_a_default_would_be_wrong_a_process_refuses_to_begin(
    agent: FakeAgent, clock: PollingClock, document: Any
) -> None:
    if document:
        deploy(agent, document, "strict")
    for _ in range(2):
        with pytest.raises(NoConfiguration, match="strict"):
            current(STRICT)
    assert len(agent.requests) == 1, "it does not ask at each request"
    deploy(agent, {"greeting": "hello"}, "strict")
    clock.now += configuration.RETRY_SECONDS
    assert current(STRICT).greeting == "hello"


def test_what_once_was_in_force_stays_even_where_a_default_would_be_wrong(
    agent: FakeAgent, clock: PollingClock
) -> None:
    deploy(agent, {"greeting": "hello"}, "strict")
    current(STRICT)
    agent.fault = ConnectionRefusedError()
    clock.pass_interval()
    assert current(STRICT).greeting == "hello"


def test_a_request_waits_less_than_a_cold_start(agent: FakeAgent, clock: PollingClock) -> None:
    deploy(agent, {})
    current(SHOP)
    clock.pass_interval()
    current(SHOP)
    assert agent.patience == [
        configuration.FIRST_ANSWER_SECONDS,
        configuration.LATER_ANSWER_SECONDS,
    ]


def test_profiles_are_read_apart(agent: FakeAgent) -> None:
    deploy(agent, {"greeting": "hello"})
    deploy(agent, {"greeting": "good evening"}, "strict")
    assert (current(SHOP).greeting, current(STRICT).greeting) == ("hello", "good evening")


def test_a_function_that_does_not_know_where_its_configuration_is_names_the_keys(
    agent: FakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONFIGURATION_APPLICATION")
    with pytest.raises(MissingVariable, match="CONFIGURATION_APPLICATION"):
        current(SHOP)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ('{"most_items": "51"}', "/most_items: Expected `int`, got `str`; found '51'"),
        ('{"most_items": 51}', "/most_items: Expected `int` <= 50; found 51"),
        ('{"most_items": true}', "/most_items: Expected `int`, got `bool`; found True"),
        ('{"most_items": 1e400}', "/most_items: Number out of range; found None"),
        ('{"doors": ["a", 1]}', "/doors/1: Expected `str`, got `int`; found 1"),
        ('{"doors": ["a", "b", "a"]}', "/doors/2: each door once; found 'a'"),
        ('{"window": [1]}', "/window: no unknown field; found [1]"),
        ('{"a/b~c": 0}', "/a~1b~0c: no unknown field; found 0"),
        ('{"\\u202e\\u0007": 0}', r"/\u202e\x07: no unknown field; found 0"),
        ('{"b`c": 0}', "/b`c: no unknown field; found 0"),
        ("[]", "document: Expected `object`, got `array`; found []"),
        ("null", "document: Expected `object`, got `null`; found None"),
        ('{"greeting": NaN}', "document: JSON ("),
        ("not json", "document: JSON ("),
        ("", "document: JSON ("),
        ("[" * 100_000, "document: Expected `object`, got `array`; found None"),
    ],
)
def test_a_refusal_names_the_path_the_rule_and_the_value(document: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        SHOP.read(document.encode())
    (violation,) = refused.value.violations
    assert str(violation).startswith(said)
    assert str(refused.value).startswith(f"settings: {said}")


def test_a_long_value_is_shown_in_part() -> None:
    with pytest.raises(Refused) as refused:
        SHOP.read(json.dumps({"most_items": "x" * 5000}).encode())
    assert len(str(refused.value)) < 200


def test_a_document_of_a_mebibyte_is_read_and_a_longer_one_refused() -> None:
    document = b'{"greeting": "hello"}'.ljust(configuration.MAX_DOCUMENT_BYTES)
    assert SHOP.read(document).greeting == "hello"
    with pytest.raises(Refused, match="at most 1048576 bytes; found 1048577"):
        SHOP.read(document + b" ")


def test_a_document_that_is_too_long_is_not_read_in_part(
    agent: FakeAgent, capsys: pytest.CaptureFixture[str]
) -> None:
    document = b'{"greeting": "hello"}'
    agent.documents["settings"] = document.ljust(configuration.MAX_DOCUMENT_BYTES + 1)
    assert current(SHOP) == Shop()
    assert counted(lines(capsys), "ConfigurationRefused") == 1


def test_a_refusal_says_of_which_profile_it_is() -> None:
    with pytest.raises(Refused) as refused:
        STRICT.read(b"[]")
    assert refused.value.profile == "strict"


@pytest.mark.parametrize(("length", "is_whole"), [(80, True), (81, False)])
def test_a_value_is_shown_whole_if_it_is_short(length: int, is_whole: bool) -> None:
    shown = str(Violation("", "a rule", "x" * (length - len("''"))))
    assert shown.endswith("'" if is_whole else "...")


def judged(document: bytes) -> Shop | Refused:
    try:
        return SHOP.read(document)
    except Refused as refused:
        return refused


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_whatever_arrives_is_a_value_or_a_refusal(document: bytes) -> None:
    assert str(judged(document)).isprintable()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(_JSON | st.dictionaries(st.sampled_from(["greeting", "most_items", "doors", "x"]), _JSON))
def test_whatever_json_arrives_is_a_value_or_a_refusal(document: Any) -> None:
    judgement = judged(json.dumps(document).encode())
    assert str(judgement).isprintable()
    assert isinstance(judgement, Shop) or judgement.violations
