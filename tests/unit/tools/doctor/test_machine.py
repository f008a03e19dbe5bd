"""The doctor says what a machine lacks, whether that stops `make run`, and what to do about it."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import pytest

from tools.doctor import machine
from tools.doctor.finding import FAIL, GIGABYTE, OK, WARN, Finding

NONE_MISSING: tuple[str, ...] = ()


def holds(finding: Finding, level: str, what: str, advice: str = "") -> None:
    """A finding that is not ok always says what to do."""
    assert finding.level == level, finding
    assert what in finding.what
    assert advice in finding.advice
    assert bool(finding.advice) == (level != OK)


@pytest.mark.parametrize(
    ("version", "installed", "level", "what", "advice"),
    [
        ((3, 12, 1), None, OK, "3.12.1 at /usr/bin/python3", ""),
        ((3, 8, 18), None, FAIL, "older than 3.11", "make setup PYTHON="),
        ((3, 10, 13), (3, 10, 13), FAIL, "older than 3.11", "make setup PYTHON="),
        ((3, 8, 18), (3, 13, 0), OK, "3.13.0 in .venv", ""),
        ((3, 15, 0), None, WARN, "newer than those that are tested", "up to 3.14"),
    ],
)
def test_python(
    version: tuple[int, ...], installed: tuple[int, ...] | None, level: str, what: str, advice: str
) -> None:
    found = machine.python(version, "/usr/bin/python3", installed=installed, missing=NONE_MISSING)
    holds(found, level, what, advice)


def test_a_python_whose_distribution_has_split_off_what_setup_needs() -> None:
    found = machine.python(
        (3, 12, 0), "/usr/bin/python3", installed=None, missing=["venv", "ensurepip"]
    )
    holds(found, FAIL, "without venv, ensurepip", "python3-venv")


@pytest.mark.parametrize(
    ("free", "is_set_up", "level"),
    [(0.2, True, FAIL), (0.5, True, WARN), (0.7, True, OK), (1, False, FAIL), (4, False, OK)],
)
def test_disk(free: float, is_set_up: bool, level: str) -> None:
    found = machine.disk(int(free * GIGABYTE), is_set_up=is_set_up)
    holds(found, level, f"{free:.1f} GB free")


@pytest.mark.parametrize(("available", "level"), [(0.3, FAIL), (1, WARN), (8, OK)])
def test_memory(available: float, level: str) -> None:
    holds(machine.memory(int(available * GIGABYTE)), level, f"{available:.1f} GB available")


def test_a_system_that_does_not_say_how_much_memory_is_free_is_not_blamed() -> None:
    holds(machine.memory(None), OK, "does not say")


def test_ports() -> None:
    holds(machine.ports([], loopback=True), OK, "4610")
    holds(machine.ports([4611, 4610], loopback=True), WARN, "4610, 4611", "make status")
    holds(machine.ports([], loopback=False), FAIL, "127.0.0.1", "allow programs")


HIDDEN = "geheim"
PROXY = {"HTTPS_PROXY": HIDDEN.join(("http://user:", "@proxy.example:3128"))}


@pytest.mark.parametrize(
    ("environment", "answers", "is_set_up", "level", "what"),
    [
        ({}, False, False, OK, "none"),
        (PROXY, False, False, FAIL, "proxy.example:3128, which does not answer"),
        (PROXY, False, True, WARN, "proxy.example:3128, which does not answer"),
        ({"http_proxy": "http://["}, True, True, WARN, "no URL"),
        ({"http_proxy": "http://proxy.example:port"}, True, True, WARN, "no URL"),
        (PROXY, True, True, WARN, "used for 127.0.0.1 too"),
        ({**PROXY, "NO_PROXY": "localhost, 127.0.0.1"}, True, True, OK, "not used"),
        ({**PROXY, "no_proxy": "*"}, True, True, OK, "not used"),
    ],
)
def test_proxies(
    environment: Mapping[str, str], answers: bool, is_set_up: bool, level: str, what: str
) -> None:
    found = machine.proxies(environment, lambda *_: answers, is_set_up=is_set_up)
    holds(found, level, what)
    assert HIDDEN not in str(found)


def test_locale() -> None:
    holds(machine.language("UTF-8", ""), OK, "UTF-8")
    holds(machine.language("ANSI_X3.4-1968", ""), WARN, "ANSI", "LC_ALL=C.UTF-8")
    holds(machine.language("", "unsupported locale setting"), WARN, "not installed", "LC_ALL")


def test_temporary_files() -> None:
    holds(machine.temporary_folder(""), OK, "/")
    holds(machine.temporary_folder("No usable directory"), FAIL, "No usable", "TMPDIR")


def test_open_files() -> None:
    holds(machine.open_files(256), WARN, "256", "ulimit")
    holds(machine.open_files(4096), OK, "4096")
    holds(machine.open_files(sys.maxsize), OK, "as many")


def test_file_watchers() -> None:
    enough = {"max_user_watches": 65536, "max_user_instances": 128}
    holds(machine.file_watchers({}), OK, "no such limit")
    holds(machine.file_watchers(enough), OK, "no limit")
    found = machine.file_watchers({**enough, "max_user_watches": 1000})
    holds(found, WARN, "max_user_watches is 1000", "sudo sysctl fs.inotify.max_user_watches=")


def test_system() -> None:
    holds(machine.system("Linux", "aarch64"), OK, "Linux")
    holds(machine.system("Windows", "AMD64"), FAIL, "no fork", "WSL 2")
    holds(machine.system("Linux", "riscv64"), WARN, "riscv64", "compiler")
