"""Where Envoy has no program, one sentence says so, and nothing is tried."""

from __future__ import annotations

import pytest

from tools.toolchain.containers import missing_platform


@pytest.mark.parametrize("processor", ["x86_64", "aarch64"])
@pytest.mark.parametrize("version", ["2.31", "2.36", "3.0"])
def test_linux_with_a_recent_c_library_has_envoy(processor: str, version: str) -> None:
    assert missing_platform("linux", processor, ("glibc", version)) is None


@pytest.mark.parametrize("version", ["15.0", "15.6.1", "26.0"])
def test_a_recent_macos_on_arm_has_envoy(version: str) -> None:
    assert missing_platform("darwin", "arm64", macos=version) is None


@pytest.mark.parametrize(
    ("system", "processor", "libc", "macos", "found"),
    [
        ("linux", "x86_64", ("glibc", "2.30"), "", "glibc 2.30"),
        ("linux", "x86_64", ("musl", "1.2.5"), "", "musl 1.2.5"),
        ("linux", "x86_64", ("", ""), "", "C library is another"),
        ("linux", "riscv64", ("glibc", "2.40"), "", "linux on riscv64"),
        ("darwin", "x86_64", ("", ""), "15.1", "darwin on x86_64"),
        ("darwin", "arm64", ("", ""), "14.7", "macOS 14.7"),
        ("darwin", "arm64", ("", ""), "", "macOS of an unknown version"),
        ("win32", "AMD64", ("", ""), "", "win32 on AMD64"),
    ],
)
def test_elsewhere_a_sentence_says_what_is_wanted_and_what_was_found(
    system: str, processor: str, libc: tuple[str, str], macos: str, found: str
) -> None:
    said = missing_platform(system, processor, libc, macos)
    assert said is not None
    assert found in said
    assert "everything else works" in said
