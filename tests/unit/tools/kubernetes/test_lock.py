"""Definitions come from a folder or by checksum, and never from anywhere else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.support.definitions import write_definition
from tools.kubernetes import lock
from tools.kubernetes.judge.definitions import DefinitionsUnclear


def lock_file(folder: Path, sha256: str, address: str = "https://example.com/x") -> Path:
    """A lock that names one file."""
    file = folder / "lock.toml"
    file.write_text(
        f'[[definition]]\nname = "gates.yaml"\naddress = "{address}"\nversion = "1"\n'
        f'sha256 = "{sha256}"\n',
        "utf-8",
    )
    return file


def test_every_file_of_a_folder_is_served(tmp_path: Path) -> None:
    write_definition(tmp_path)
    served = lock.from_folder(tmp_path).served
    assert list(served) == [("example.com/v1", "Gate")]


@pytest.mark.parametrize("text", ["a: [", "kind: CustomResourceDefinition\nspec: 3\n", "\x00"])
def test_a_file_that_defines_nothing_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.yaml").write_text(text, "utf-8")
    with pytest.raises((DefinitionsUnclear, lock.DefinitionsMissing), match=r"odd|no definition"):
        lock.from_folder(tmp_path)


def test_a_folder_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(lock.DefinitionsMissing, match="is no folder"):
        lock.from_folder(tmp_path / "nowhere")


def test_of_two_definitions_the_first_counts_and_both_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = write_definition(tmp_path)
    (tmp_path / "more.yaml").write_bytes(first.read_bytes())
    assert len(lock.from_folder(tmp_path).served) == 1
    assert "gates.yaml and in more.yaml" in capsys.readouterr().err


def test_another_text_than_the_locks_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crds = tmp_path / "crds"
    crds.mkdir()
    write_definition(crds)
    lock.from_folder(crds, lock_file(tmp_path, "0" * 64))
    assert "is not the file" in capsys.readouterr().err


def test_what_was_downloaded_once_is_taken_from_the_cache(tmp_path: Path) -> None:
    file = write_definition(tmp_path)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    file.rename(tmp_path / f"{sha256}.yaml")
    served = lock.downloaded(lock_file(tmp_path, sha256), tmp_path).served
    assert list(served) == [("example.com/v1", "Gate")]


def test_nothing_is_downloaded_in_the_open(tmp_path: Path) -> None:
    address = "http://example.com/gates.yaml"
    with pytest.raises(lock.DefinitionsMissing, match="no https address"):
        lock.downloaded(lock_file(tmp_path, "0" * 64, address), tmp_path)


def test_the_projects_lock_names_a_commit_and_a_checksum_for_each() -> None:
    for each in lock.locked():
        assert each.address.startswith("https://raw.githubusercontent.com/")
        assert f"/{each.version}/" in each.address
        assert len(each.version) == 40
        assert len(each.sha256) == 64
