"""`make pin-images`: asks registries what tags are now, and writes the digests into an overlay."""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from tools.base import region
from tools.base.errors import OperationFailed
from tools.base.target import ENVIRONMENTS, Target, account

K8S = Path(__file__).resolve().parents[2] / "k8s"
SECONDS = 20.0
SERVICE = "cluster"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_INDEXES = (
    "application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json"
)
"""What names the images of every processor: its digest is the same for all nodes."""
_HEAD = """\
# Written by `make pin-images`: never by hand. An image without a digest is not resolved yet.
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
images:
"""


class NotPinned(OperationFailed):
    """An image could not be resolved; nothing was written."""


@dataclass(frozen=True, slots=True)
class Image:
    """One image: ``name`` is what manifests call it.

    Its repository is ``name`` itself, where ``tag`` is pinned; or what the stack publishes as
    ``parameter``, where the version that is asked for is pinned.
    """

    name: str
    tag: str = ""
    parameter: str = ""


@dataclass(frozen=True, slots=True)
class Pinned:
    """What manifests' ``name`` stands for from now on."""

    name: str
    repository: str
    digest: str


def images(file: Path = K8S / "images.toml") -> list[Image]:
    """What is pinned."""
    return [Image(**it) for it in tomllib.loads(file.read_text("utf-8"))["image"]]


def pin(
    wanted: list[Image],
    version: str,
    target: Target,
    public: Callable[[str, str], str],
    overlay: Path,
) -> list[Pinned]:
    """Resolve every image, then write them all.

    Raises:
        NotPinned: one has no such tag, or its registry does not answer.
    """
    found = [
        _own(it, version, target)
        if it.parameter
        else Pinned(it.name, it.name, public(it.name, it.tag))
        for it in wanted
    ]
    for each in found:
        if not _DIGEST.fullmatch(each.digest):
            raise NotPinned(f"{each.name}: {each.digest!r} is no digest")
    lines = [
        f"  - name: {it.name}\n    newName: {it.repository}\n    digest: {it.digest}\n"
        for it in found
    ]
    draft = overlay / "images" / ".kustomization.draft"
    draft.write_text(_HEAD + "".join(lines), "utf-8")
    draft.replace(overlay / "images" / "kustomization.yaml")
    return found


def of_public_registry(repository: str, tag: str, scheme: str = "https") -> str:
    """The digest of a tag in a registry that gives everybody a token.

    Raises:
        NotPinned: it does not answer, or has no such tag.
    """
    host, _, name = repository.partition("/")
    try:
        token = json.loads(
            _asked(f"{scheme}://{host}/token/?scope=repository:{name}:pull&service={host}", {})[1]
        )["token"]
        headers = {"Authorization": f"Bearer {token}", "Accept": _INDEXES}
        answer, _ = _asked(f"{scheme}://{host}/v2/{name}/manifests/{tag}", headers)
    except (urllib.error.URLError, OSError, ValueError, KeyError, TypeError) as error:
        raise NotPinned(f"{repository}:{tag}: {host} does not say what it is ({error})") from error
    return answer.get("Docker-Content-Digest", "")


def _asked(url: str, headers: Mapping[str, str]) -> tuple[Mapping[str, str], bytes]:
    request = urllib.request.Request(url, headers=dict(headers))
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        return dict(answer.headers), answer.read(4 * 1024 * 1024)


def _own(image: Image, version: str, target: Target) -> Pinned:
    if not _TAG.fullmatch(version):
        raise NotPinned(f"{image.name} needs a version that is a tag: VERSION=1.0.0")
    name = target.find(SERVICE, image.parameter)
    try:
        ecr = target.client("ecr")
        kept = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]
        found = ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": version}])
    except (ClientError, BotoCoreError) as error:
        raise NotPinned(f"{image.name}: {name} has no {version}: {error}") from error
    return Pinned(image.name, kept["repositoryUri"], found["imageDetails"][0]["imageDigest"])


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 1 if an image could not be resolved."""
    parser = argparse.ArgumentParser(prog="pin-images")
    parser.add_argument("--environment", choices=ENVIRONMENTS, required=True)
    parser.add_argument("--region")
    parser.add_argument("--version", default="")
    given = parser.parse_args(arguments)
    overlay = K8S / "overlays" / given.environment
    try:
        target = account(given.environment, region.chosen(given.region))
        pinned = pin(images(), given.version, target, of_public_registry, overlay)
    except (OperationFailed, BotoCoreError, ClientError) as error:
        print(f"pin-images: {error}", file=sys.stderr)
        return 1
    for each in pinned:
        print(f"{each.name}: {each.repository}@{each.digest}")
    print("Read the difference, render it (make k8s-render), and have it reviewed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
