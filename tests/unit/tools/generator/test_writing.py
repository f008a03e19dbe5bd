"""A service is written whole or not at all, and by one at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.generator import generate
from tools.generator.errors import GeneratorError, InTheWay
from tools.generator.pages import Pages

FILES = {Path(name): f"# {name}\n" for name in ("a/b/one.py", "a/two.py", "three.py")}


def everything(folder: Path) -> dict[str, str]:
    return {
        str(it.relative_to(folder)): it.read_text("utf-8") if it.is_file() else "(folder)"
        for it in folder.rglob("*")
    }


def test_all_of_it_is_written(tmp_path: Path) -> None:
    generate.write(FILES, tmp_path)
    assert {Path(name) for name, it in everything(tmp_path).items() if it != "(folder)"} == {*FILES}


def test_what_is_there_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "three.py").write_text("somebody's")
    with pytest.raises(InTheWay) as refused:
        generate.check_nothing_is_in_the_way(FILES, tmp_path)
    assert refused.value.evidence == ("three.py",)


def test_a_file_where_a_folder_must_go_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("somebody's")
    with pytest.raises(InTheWay) as refused:
        generate.check_nothing_is_in_the_way(FILES, tmp_path)
    assert refused.value.evidence == ("a",)
    with pytest.raises(InTheWay, match="has come up"):
        generate.write(FILES, tmp_path)
    assert everything(tmp_path) == {"a": "somebody's"}


def test_the_declaration_is_written_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    really = Path.open

    def noted(path: Path, *arguments: str, **options: str) -> object:
        opened.append(path)
        return really(path, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", noted)
    generate.write({**FILES, Path("stacks/a.py"): ""}, tmp_path)
    assert opened[0] == tmp_path / "stacks" / "a.py"


def test_what_comes_up_meanwhile_stays_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "three.py").write_text("somebody's")
    with pytest.raises(InTheWay, match=r"three\.py"):
        generate.write(FILES, tmp_path)
    assert everything(tmp_path) == {"three.py": "somebody's"}


@pytest.mark.parametrize("after", range(3))
def test_after_an_interruption_nothing_is_left(
    tmp_path: Path, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "before.py").write_text("here before")
    before, opened, really = everything(tmp_path), [], Path.open

    def interrupted(path: Path, *arguments: str, **options: str) -> object:
        opened.append(path)
        if len(opened) > after:
            raise KeyboardInterrupt
        return really(path, *arguments, **options)  # type: ignore[call-overload]

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", interrupted)
        with pytest.raises(KeyboardInterrupt):
            generate.write(FILES, tmp_path)
    assert everything(tmp_path) == before


def test_a_second_one_is_refused_while_the_first_is_at_work(tmp_path: Path) -> None:
    lock = tmp_path / "tools" / "generator" / "__init__.py"
    lock.parent.mkdir(parents=True)
    lock.touch()
    with (
        generate.alone(tmp_path),
        pytest.raises(GeneratorError, match="another service"),
        generate.alone(tmp_path),
    ):
        pytest.fail("both are at work")
    with generate.alone(tmp_path):
        pass


def test_pages_become_again_what_they_were(tmp_path: Path) -> None:
    for name in ("CODEOWNERS", "docs/catalogue.md", "tests/infra/__snapshots__/all/one.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("before")
    before, pages = everything(tmp_path), Pages.of(tmp_path)
    (tmp_path / "CODEOWNERS").write_text("after")
    (tmp_path / "docs" / "catalogue.md").unlink()
    (tmp_path / "tests/infra/__snapshots__/all/two.json").write_text("new")
    pages.restore()
    assert everything(tmp_path) == before
