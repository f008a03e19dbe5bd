"""What a save leads to is done again after it has failed, whatever the next save is."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from bundling.errors import BundlingError
from bundling.sources import Package
from tools.base.errors import SynthesisError
from tools.dev import development
from tools.dev.development import Development
from tools.dev.plan import Plan
from tools.dev.telling import Telling

ORDERS = Package("orders", {"orders/handlers/a.py": b"def handler(): ...\n"}, "")


class Scene:
    """A system of one package, whose parts fail as often as they are told to."""

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.given = 0
        self.failures: dict[str, list[Exception]] = {"try": [], "synth": [], "give": []}
        self.deployed = 0
        self.said = io.StringIO()

    def fail(self, where: str) -> None:
        """Raise what is in store for that place."""
        if self.failures[where]:
            raise self.failures[where].pop(0)

    # As trials, and as the app that has loaded the CDK

    def problem_of(self, package: Package, _handlers: Any) -> None:
        self.tried.append(package.service)
        self.fail("try")

    def run(self, _environment: Any) -> None: ...

    def prepare(self) -> None: ...

    # As the emulator's workspace

    @contextmanager
    def reserved(self) -> Iterator[None]:
        yield


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    scene = Scene()

    @contextmanager
    def synthesized(**_: Any) -> Iterator[None]:
        scene.fail("synth")
        yield

    def give(*_: Any, **__: Any) -> dict[str, list[str]]:
        scene.fail("give")
        scene.given += 1
        return {"orders": ["PlaceOrder"]}

    def deploy(self: Development, _assembly: Any, _since: float) -> None:
        scene.deployed += 1

    monkeypatch.setattr(development, "read_packages", lambda *_: [ORDERS])
    monkeypatch.setattr(development, "build_packages", lambda *_: None)
    monkeypatch.setattr(development, "handlers", lambda _cloud: {})
    monkeypatch.setattr(development, "give_functions_their_code", give)
    monkeypatch.setattr(development, "synthesized", synthesized)
    monkeypatch.setattr(Development, "_deploy", deploy)
    return scene


@pytest.fixture
def under_test(scene: Scene) -> Development:
    emulator: Any = SimpleNamespace(workspace=scene, cloud=None)
    telling = Telling(Console(file=scene.said, width=200))
    parts: Any = scene
    return Development(emulator, parts, parts, telling)


def test_a_package_whose_stacks_failed_is_tried_again_with_them(
    scene: Scene, under_test: Development
) -> None:
    scene.failures["synth"].append(SynthesisError("synthesis failed: app.py"))
    under_test.follow(Plan(code=True, templates=True), 0)
    assert (scene.tried, scene.deployed) == (["orders"], 0)
    under_test.follow(Plan(templates=True), 0)
    assert (scene.tried, scene.deployed) == (["orders", "orders"], 1)
    under_test.follow(Plan(templates=True), 0)
    assert scene.tried == ["orders", "orders"], "what is served is not tried"


def test_a_package_that_no_function_was_given_is_given_with_the_next_save(
    scene: Scene, under_test: Development
) -> None:
    scene.failures["give"].append(ConnectionError())
    with pytest.raises(ConnectionError):
        under_test.follow(Plan(code=True), 0)
    under_test.follow(Plan(code=True), 0)
    under_test.follow(Plan(code=True), 0)
    assert (scene.tried, scene.given) == (["orders", "orders"], 1)


def test_a_library_that_could_not_be_fetched_is_fetched_with_the_next_save(
    scene: Scene, under_test: Development
) -> None:
    scene.failures["try"].append(BundlingError("the registry does not answer"))
    under_test.follow(Plan(code=True), 0)
    assert "the registry does not answer" in scene.said.getvalue()
    assert scene.given == 0
    under_test.follow(Plan(code=True), 0)
    assert scene.given == 1
