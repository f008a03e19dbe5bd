"""A document that breaks a rule is refused with the path in it, the rule and the value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.support.drivers.repository import commit, git
from tests.support.drivers.scratch_service import right, service, write
from tools.base.target import ENVIRONMENTS
from tools.configuration import checks, commands, services
from tools.configuration.documents import canonical
from tools.configuration.errors import NotInGit, NotValid, UnknownName


def refusals(config: Path, document: Any) -> list[str]:
    """What is told about a document of the scratch service."""
    path = write(config, document)
    with pytest.raises(NotValid) as refused:
        commands.check(Console(quiet=True), environments=["dev"], chosen=[service()], config=config)
    return [it.removeprefix(f"{path} ") for it in str(refused.value).splitlines()]


def test_a_right_document_passes(tmp_path: Path) -> None:
    write(tmp_path, right())
    commands.check(Console(quiet=True), environments=["dev"], chosen=[service()], config=tmp_path)


@pytest.mark.parametrize(
    ("profiles", "told"),
    [
        ({"settings": {"limit": "3"}}, '/settings/limit: type "integer": "3"'),
        ({"settings": {"limit": True}}, '/settings/limit: type "integer": true'),
        ({"settings": {"limit": 11}}, "/settings/limit: maximum 10: 11"),
        ({"settings": {"names": ["a", 2]}}, '/settings/names/1: type "string": 2'),
        (
            {"settings": {"limt": 3}},
            '/settings/limt: known keys are limit, names, text: "limt"',
        ),
        ({"settings": []}, '/settings: type "object": []'),
        (
            {"settings": {"limit": 7, "names": ["a"]}},
            "/settings/limit: not 7 while there are names: 7",
        ),
        ({"flags": {"new-way": {"enabled": 1}}}, "/flags/new-way/enabled: true or false: 1"),
        ({"flags": {"new-way": {}}}, "/flags/new-way/enabled: true or false: null"),
        ({"flags": {"new-way": True}}, '/flags/new-way: a flag is an object with "enabled": true'),
        ({"flags": []}, "/flags: an object with the flags: []"),
        (
            {"flags": {"new-way": {"enabled": True, "share": {}}}},
            "/flags/new-way/share: text, a number, true or false, or a list of texts or of "
            "numbers: {}",
        ),
        ({"secrets": {}}, '/secrets: scratch has the profiles settings, flags: "secrets"'),
    ],
)
def test_a_broken_rule_is_told_with_its_place_and_value(
    tmp_path: Path, profiles: dict[str, Any], told: str
) -> None:
    assert refusals(tmp_path, right() | profiles) == [told]


@pytest.mark.parametrize(
    "flag", ["New-way", "new way", "", "a" * 65, "nèw", "new/way", "__proto__", "new-way\n"]
)
def test_a_flag_that_appconfig_cannot_name_is_refused(tmp_path: Path, flag: str) -> None:
    flags = {**right()["flags"], flag: {"enabled": True}}
    assert any("a flag's name is" in it for it in refusals(tmp_path, right() | {"flags": flags}))


def test_a_flag_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    flags = {**right()["flags"], "old-way": {"enabled": True}}
    [told] = refusals(tmp_path, right() | {"flags": flags})
    assert told.startswith("/flags/old-way: ")


def test_a_profile_that_is_missing_is_named(tmp_path: Path) -> None:
    assert refusals(tmp_path, {"settings": {}}) == ["/flags: every profile is there: nothing"]


def test_what_goes_to_an_account_has_to_be_in_a_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    path = write(tmp_path, right())

    def check_committed() -> None:
        commands.check(
            Console(quiet=True),
            environments=["dev"],
            chosen=[service()],
            config=tmp_path,
            uncommitted=False,
        )

    with pytest.raises(NotInGit, match=f"{path} is not as a commit has it"):
        check_committed()
    commit(tmp_path, "first")
    check_committed()


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    document = {"settings": {"limit": 0, "name": 1}, "flags": {"new-way": {"enabled": None}}}
    assert len(refusals(tmp_path, document)) == 4


def test_a_megabyte_of_nonsense_is_refused_in_a_few_lines(tmp_path: Path) -> None:
    document = right() | {"settings": {f"key-{it}": "x" * 60 for it in range(14_000)}}
    told = refusals(tmp_path, document)
    assert 1 <= len(told) <= 200
    assert all(len(it) < 300 for it in told)


def test_a_document_of_no_service_is_refused(tmp_path: Path) -> None:
    write(tmp_path, right())
    write(tmp_path, right(), name="scrath")
    with pytest.raises(NotValid, match=r"scrath\.json .*a document is named after its service"):
        services.documents_of("dev", [service()], tmp_path)


def test_a_service_without_a_document_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotValid, match=r"scratch\.json .*No such file"):
        services.documents_of("dev", [service()], tmp_path)


@pytest.mark.parametrize("name", ["order", "../orders", "", "ORDERS", "\x1b[31morders"])
def test_an_unknown_service_is_refused_and_the_known_ones_are_named(name: str) -> None:
    with pytest.raises(UnknownName, match="orders, payments, pricing, shipping") as refused:
        services.chosen([name])
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("environment", ["production", "../dev", ""])
def test_an_unknown_environment_is_refused(tmp_path: Path, environment: str) -> None:
    with pytest.raises(UnknownName, match="dev, staging, prod"):
        services.documents_of(environment, [service()], tmp_path)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_documents_of_this_repository_are_right(environment: str) -> None:
    chosen = services.chosen(None)
    checks.check(zip(services.documents_of(environment, chosen), chosen, strict=True))


def test_a_flag_that_is_off_is_read_without_its_attributes() -> None:
    """AppConfig serves no attributes of a flag that is off."""
    for configured in services.configured().values():
        for document in services.documents_of("prod", [configured]):
            for profile in configured.profiles:
                if profile.name == "flags":
                    off = {name: {"enabled": False} for name in document.profiles["flags"]}
                    profile.read(canonical(off))
