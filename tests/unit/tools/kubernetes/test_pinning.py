"""Images are pinned all or not at all, by what their registries say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from tools.base.target import Target
from tools.kubernetes import pinning
from tools.kubernetes.pinning import Image, NotPinned, of_public_registry, pin

URI = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/partners"
WANTED = [Image("partners", parameter="partners-images-name"), Image("a.example/agent", tag="2.x")]
DIGEST = f"sha256:{'a' * 64}"


class Registry:
    """One private registry with one version."""

    def describe_images(self, *, repositoryName: str, imageIds: list[Any]) -> Any:  # noqa: N803
        if (repositoryName, imageIds) != ("partners", [{"imageTag": "1.0.0"}]):
            raise ClientError({"Error": {"Code": "ImageNotFoundException"}}, "DescribeImages")
        return {"imageDetails": [{"imageDigest": DIGEST}]}

    def describe_repositories(self, *, repositoryNames: list[str]) -> Any:  # noqa: N803
        assert repositoryNames == ["partners"]
        return {"repositories": [{"repositoryUri": URI}]}

    def get_parameter(self, **_: Any) -> Any:
        return {"Parameter": {"Value": "partners"}}


@pytest.fixture
def target() -> Target:
    """An account that has that registry alone."""
    return Target("test", "dev", lambda _: Registry(), is_offline=False)


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    """One that nothing was pinned in."""
    (tmp_path / "images").mkdir()
    return tmp_path


def test_every_image_is_written_with_its_digest(target: Target, overlay: Path) -> None:
    pin(WANTED, "1.0.0", target, lambda _name, _tag: DIGEST, overlay)
    written = yaml.safe_load((overlay / "images/kustomization.yaml").read_text("utf-8"))
    assert written["images"] == [
        {"name": "partners", "newName": URI, "digest": DIGEST},
        {"name": "a.example/agent", "newName": "a.example/agent", "digest": DIGEST},
    ]


@pytest.mark.parametrize(
    ("version", "digest"), [("2.0.0", DIGEST), ("", DIGEST), ("a b", DIGEST), ("1.0.0", "latest")]
)
def test_nothing_is_written_when_one_cannot_be_resolved(
    target: Target, overlay: Path, version: str, digest: str
) -> None:
    with pytest.raises(NotPinned):
        pin(WANTED, version, target, lambda _name, _tag: digest, overlay)
    assert list((overlay / "images").iterdir()) == []


def test_a_public_registry_is_asked_with_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, Mapping[str, str]]] = []

    def answer(url: str, headers: Mapping[str, str]) -> tuple[Mapping[str, str], bytes]:
        asked.append((url, headers))
        return {"Docker-Content-Digest": DIGEST}, b'{"token": "t"}'

    monkeypatch.setattr(pinning, "_asked", answer)
    assert of_public_registry("a.example/x/agent", "2.x") == DIGEST
    assert asked[1][0] == "https://a.example/v2/x/agent/manifests/2.x"
    assert asked[1][1]["Authorization"] == "Bearer t"


@pytest.mark.parametrize("text", [b"{}", b"no json", b"[]"])
def test_a_registry_that_gives_no_token_is_named(
    monkeypatch: pytest.MonkeyPatch, text: bytes
) -> None:
    monkeypatch.setattr(pinning, "_asked", lambda _url, _headers: ({}, text))
    with pytest.raises(NotPinned, match=r"a\.example does not say"):
        of_public_registry("a.example/agent", "2.x")


def test_every_image_of_the_overlays_is_one_that_is_pinned() -> None:
    names = [it.name for it in pinning.images()]
    for stage in ("dev", "staging", "prod"):
        file = pinning.K8S / "overlays" / stage / "images" / "kustomization.yaml"
        assert [it["name"] for it in yaml.safe_load(file.read_text("utf-8"))["images"]] == names
