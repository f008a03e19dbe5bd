"""Git's documents are deployed whole or not at all, watched, and told from changes by hand."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.support.drivers.offline import eventually
from tests.support.drivers.repository import commit, git
from tests.support.drivers.scratch_configuration import BAKES, Scratch, scratch
from tests.support.drivers.scratch_service import right, service
from tools.base.endpoint import Cloud
from tools.configuration import commands
from tools.configuration.__main__ import main
from tools.configuration.documents import LONGEST, canonical, digest
from tools.configuration.errors import Busy, NotCompleted, NotDeployed, NotInGit, NotValid


@pytest.fixture
def one(cloud: Cloud, tmp_path: Path) -> Iterator[Scratch]:
    """A service with a right document that is not deployed yet."""
    with scratch(cloud, tmp_path / "config") as made:
        yield made


@pytest.fixture
def two(cloud: Cloud, tmp_path: Path) -> Iterator[tuple[Scratch, Scratch]]:
    """Two of them, whose documents lie side by side."""
    config = tmp_path / "config"
    with scratch(cloud, config) as first, scratch(cloud, config) as second:
        yield first, second


def settings(**values: Any) -> dict[str, Any]:
    """A right document with other settings."""
    return right() | {"settings": values}


def apply_both(pair: tuple[Scratch, Scratch], **options: Any) -> int:
    """`config-apply` for both services in one go."""
    first, second = pair
    chosen = [first.service, second.service]
    return commands.apply(
        first.target, first.console, chosen=chosen, config=first.config, **options
    )


def states(of: Scratch) -> list[str]:
    """How its deployments stand, in order."""
    return [it["State"] for it in of.deployments()]


def bakes(of: Scratch) -> list[float]:
    """For how many minutes each of its deployments is watched."""
    return [it["FinalBakeTimeInMinutes"] for it in of.deployments()]


def test_the_first_time_everything_is_deployed_and_the_next_time_nothing(one: Scratch) -> None:
    assert one.apply() == 2
    assert one.served("settings") == right()["settings"]
    assert one.served("flags") == right()["flags"]
    assert one.apply() == 0
    assert one.versions() == 2


def test_a_first_version_is_not_watched_and_the_next_one_is(one: Scratch) -> None:
    one.choose_strategy(BAKES)
    assert one.apply() == 2
    assert bakes(one) == [0, 0]
    one.write(settings(limit=9) | {"flags": right()["flags"]})
    with ThreadPoolExecutor() as pool:
        applying = pool.submit(one.apply)
        try:
            eventually(lambda: states(one)[-1] == "BAKING")
        finally:
            one.sound_the_alarm()
        assert isinstance(applying.exception(timeout=20), NotCompleted)
    assert bakes(one) == [0, 0, 1]


def test_a_plan_shows_each_place_that_differs_and_deploys_nothing(one: Scratch) -> None:
    one.apply()
    one.told()
    one.write({"settings": {"limit": 4}, "flags": {"new-way": {"enabled": False, "share": 5}}})
    assert not one.plan()
    assert [it.strip() for it in one.told().splitlines()] == [
        f"{one.name} settings",
        "/settings/limit: 3 -> 4",
        f"{one.name} flags",
        "/flags/new-way/enabled: true -> false",
    ]
    assert len(one.deployments()) == one.versions() == 2


def test_a_merge_is_deployed_under_its_commit_and_a_revert_brings_the_value_back(
    one: Scratch,
) -> None:
    git(one.config, "init", "--quiet")
    first = commit(one.config, "the beginning")
    one.apply(uncommitted=False)
    assert one.description() == f"commit {first} sha256 {digest({'limit': 3})}"
    one.write(settings(limit=4))
    second = commit(one.config, "more room")
    one.apply(uncommitted=False)
    assert one.served("settings") == {"limit": 4}
    assert one.description() == f"commit {second} sha256 {digest({'limit': 4})}"
    git(one.config, "revert", "--no-edit", "HEAD")
    one.apply(uncommitted=False)
    assert one.served("settings") == {"limit": 3}
    third = git(one.config, "rev-parse", "HEAD")
    assert one.description() == f"commit {third} sha256 {digest({'limit': 3})}"
    assert one.drift()


def test_what_somebody_changed_by_hand_is_named_and_put_right_by_the_next_apply(
    one: Scratch,
) -> None:
    one.apply()
    assert one.drift()
    one.told()
    flags = {"new-way": {"enabled": False, "share": 90, "_updatedAt": "2026-12-01T00:00:00Z"}}
    version = one.deploy_by_hand(
        "flags", json.dumps({"version": "1", "flags": {}, "values": flags}).encode()
    )
    assert not one.drift()
    told = one.told()
    assert f"{one.name} flags: changed by hand, version {version}, " in told
    assert "described as 'quick fix, ask Eve'" in told
    assert "/flags/new-way/enabled: git has true, deployed is false" in told
    assert "/flags/new-way/share: git has 5, deployed is 90" in told
    assert "settings" not in told
    assert one.apply() == 1
    assert one.drift()
    assert one.served("flags") == right()["flags"]


def test_what_is_deployed_by_hand_and_is_no_document_at_all_is_shown(one: Scratch) -> None:
    one.apply()
    one.told()
    one.deploy_by_hand("settings", b"\xffnonsense\x1b[2J")
    assert not one.drift()
    told = one.told()
    assert '/settings: git has {"limit": 3}, deployed is' in told
    assert "\x1b" not in told


def test_hostile_keys_that_were_deployed_by_hand_are_named_harmlessly(one: Scratch) -> None:
    one.apply()
    one.told()
    keys = ["\x1b[2J", "/~", "schlüssel-🎁", "__proto__", "\u202eevil", "", "a\nb"]
    one.deploy_by_hand("settings", json.dumps({"limit": 3} | dict.fromkeys(keys, 1)).encode())
    assert not one.drift()
    told = one.told()
    assert "/settings/schlüssel-🎁: git has nothing, deployed is 1" in told
    assert "/settings/~1~0: git has nothing, deployed is 1" in told
    assert "/settings/\\x1b[2J: " in told
    assert all(line.isprintable() for line in told.splitlines())
    assert len(told.splitlines()) == 1 + len(keys)


def test_a_change_by_hand_that_is_still_on_its_way_is_drift_already(one: Scratch) -> None:
    one.apply()
    one.deploy_by_hand("settings", b'{"limit": 9}', f"{BAKES}-strategy")
    assert not one.drift()


def test_what_git_has_and_nobody_deployed_is_no_drift(one: Scratch) -> None:
    one.apply()
    one.write(settings(limit=4))
    assert one.drift()
    assert "not deployed yet" in one.told()


def test_one_wrong_document_keeps_all_back(two: tuple[Scratch, Scratch]) -> None:
    first, second = two
    second.write(settings(limit=11))
    with pytest.raises(NotValid, match=r"/settings/limit: maximum 10: 11"):
        apply_both(two)
    assert first.versions() == second.versions() == 0


def test_a_deployed_validator_that_says_no_keeps_all_back(two: tuple[Scratch, Scratch]) -> None:
    """Such as that of a newer stack, whose rules this checkout does not know."""
    first, second = two
    second.appconfig.update_configuration_profile(
        ApplicationId=second.ids["application"],
        ConfigurationProfileId=second.ids["settings-profile"],
        Validators=[{"Type": "JSON_SCHEMA", "Content": '{"required": ["text"]}'}],
    )
    with pytest.raises(NotValid, match=rf"{second.name} in dev /settings: .*required"):
        apply_both(two)
    assert first.versions() == second.versions() == 0
    assert first.deployments() == second.deployments() == []


def test_a_breached_metric_rolls_back_and_the_value_before_is_served(one: Scratch) -> None:
    one.apply()
    one.write(settings(limit=9) | {"flags": {"new-way": {"enabled": False}}})
    with ThreadPoolExecutor() as pool:
        applying = pool.submit(one.apply, strategy=BAKES)
        try:
            eventually(lambda: one.served("settings") == {"limit": 9})
        finally:
            one.complain()
        refused = applying.exception(timeout=20)
    assert isinstance(refused, NotCompleted)
    assert f"the alarm {one.alarm} fired" in str(refused)
    assert "Version 1 is served" in str(refused)
    assert one.served("settings") == {"limit": 3}
    # The service's other profile was left as it was.
    assert one.served("flags") == right()["flags"]
    assert states(one) == ["COMPLETE", "COMPLETE", "ROLLED_BACK"]
    # Git still says 9: that is for a revert, and nobody's hand.
    assert one.drift()


def test_a_deployment_that_is_under_way_is_named_and_not_disturbed(one: Scratch) -> None:
    one.deploy_by_hand("settings", b'{"limit": 9}', f"{BAKES}-strategy")
    with pytest.raises(Busy, match=r"deployment 1 of settings, version 1: BAKING at 100 %"):
        one.apply()
    assert states(one) == ["BAKING"]
    assert one.versions() == 1


def test_a_deployment_that_is_under_way_is_waited_for(one: Scratch) -> None:
    one.deploy_by_hand("settings", b'{"limit": 9}', f"{BAKES}-strategy")
    with ThreadPoolExecutor() as pool:
        applying = pool.submit(one.apply, wait_seconds=20)
        try:
            eventually(lambda: "waits for deployment 1 of settings" in one.said.getvalue())
        finally:
            stop(one, 1)
        assert applying.result(timeout=20) == 2
    assert one.served("settings") == {"limit": 3}


def test_who_loses_a_race_waits_for_the_winner(one: Scratch) -> None:
    """Between the last look and the start somebody else starts a deployment."""
    raced: list[int] = []

    def win(**_: Any) -> None:
        if not raced:
            raced.append(one.deploy_by_hand("settings", b'{"limit": 9}'))

    with one.elsewhere() as racing:
        racing.appconfig.meta.events.register_first(
            "before-parameter-build.appconfig.StartDeployment", win
        )
        assert racing.apply(wait_seconds=5) == 2
    assert raced
    assert one.served("settings") == {"limit": 3}


def test_services_are_deployed_side_by_side_and_each_ones_profiles_in_sequence(
    two: tuple[Scratch, Scratch],
) -> None:
    with ThreadPoolExecutor() as pool:
        applying: Future[int] = pool.submit(apply_both, two, strategy=BAKES)
        try:
            eventually(lambda: [states(it) for it in two] == [["BAKING"], ["BAKING"]])
        finally:
            for it in two:
                it.sound_the_alarm()
        refused = applying.exception(timeout=20)
    assert isinstance(refused, NotCompleted)
    for it in two:
        assert f"{it.name} settings version 1 is rolled back" in str(refused)
        assert "There is no version before" in str(refused)


def test_a_rollback_of_one_service_does_not_keep_another_back(
    two: tuple[Scratch, Scratch],
) -> None:
    first, second = two
    first.sound_the_alarm()
    with pytest.raises(NotCompleted, match=first.name) as refused:
        apply_both(two)
    assert second.name not in str(refused.value)
    assert second.served("flags") == right()["flags"]
    assert first.served("flags") is None


def test_a_document_of_a_megabyte_is_deployed_whole_and_a_byte_more_is_refused(
    one: Scratch,
) -> None:
    largest = {"text": ""}
    largest["text"] = "x" * (LONGEST - len(canonical(largest)))
    one.write({"settings": largest, "flags": {"new-way": {"enabled": False}}})
    assert one.apply() == 2
    assert one.served("settings") == largest
    assert one.drift()
    one.write(settings(text=largest["text"] + "x"))
    with pytest.raises(NotValid, match=f"/settings: at most {LONGEST} bytes"):
        one.apply()
    assert one.versions() == 2


def test_hostile_texts_arrive_as_they_are(one: Scratch) -> None:
    text = "\u0000\x1b[2J\u202e🎁 ${jndi:ldap://x} {{7*7}} '; DROP TABLE orders; -- \ufeff"
    one.write(settings(names=[text, "__proto__", "constructor"], text=text))
    assert one.apply() == 2
    assert one.served("settings")["names"] == [text, "__proto__", "constructor"]
    assert one.served("settings")["text"] == text
    assert one.drift()
    assert "\x1b" not in one.told()


def test_a_throttled_appconfig_is_asked_again(one: Scratch) -> None:
    with one.elsewhere() as throttled:
        refusals = throttled.refuse("TooManyRequestsException", status=429, times=2)
        assert throttled.apply() == 2
    assert refusals == ["TooManyRequestsException"] * 2
    assert one.served("settings") == {"limit": 3}


def test_an_appconfig_that_stays_throttled_is_an_error_and_leaves_nothing_behind(
    one: Scratch,
) -> None:
    with one.elsewhere() as throttled:
        throttled.refuse(
            "TooManyRequestsException", status=429, times=50, operation="StartDeployment"
        )
        with pytest.raises(NotCompleted, match=f"{one.name} settings: .*TooManyRequestsException"):
            throttled.apply()
    assert one.deployments() == []
    assert one.apply() == 2


def test_an_appconfig_that_cannot_be_reached_is_an_error_and_no_stack_trace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "outputs.json").write_text(json.dumps({"endpoint": "http://127.0.0.1:9"}))
    assert main(["apply", "--workspace", str(tmp_path)]) == 1
    assert "error: Could not connect to the endpoint URL" in capsys.readouterr().err


def test_while_nobody_can_see_it_a_deployment_goes_on(one: Scratch) -> None:
    with one.elsewhere() as blind:
        blind.refuse("BadGatewayException", status=400, times=4, operation="GetDeployment")
        assert blind.apply() == 2
    assert one.served("flags") == right()["flags"]


def test_more_deployments_than_one_answer_lists_hide_none(one: Scratch) -> None:
    one.apply()
    for limit in range(60):
        one.deploy_by_hand("settings", b'{"limit": %d}' % limit)
    assert not one.drift()
    assert "deployed is 59" in one.told()
    assert one.apply() == 1
    assert one.drift()


def test_what_is_in_no_commit_does_not_go_to_an_account(one: Scratch) -> None:
    subprocess.run(["git", "init", "--quiet", one.config], check=True)
    with pytest.raises(NotInGit, match="merged first"):
        one.apply(uncommitted=False)
    assert one.versions() == 0


def test_a_service_that_is_not_deployed_is_named(cloud: Cloud, one: Scratch) -> None:
    one.write(right())
    (one.config / "dev" / "absent.json").write_text(json.dumps(right()))
    with pytest.raises(NotDeployed, match=r"configuration-application-id: deploy absent first"):
        commands.plan(
            one.target,
            Console(quiet=True),
            chosen=[one.service, service("absent")],
            config=one.config,
        )


def stop(of: Scratch, number: int) -> None:
    """What an operator does to a deployment that is under way."""
    of.appconfig.stop_deployment(
        ApplicationId=of.ids["application"],
        EnvironmentId=of.ids["environment"],
        DeploymentNumber=number,
        AllowRevert=True,
    )
