"""Uploads the files that templates name to the emulator, where the templates look for them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tools.base.assembly import Assembly
from tools.base.endpoint import ACCOUNT, Cloud

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# The names of CDK's default synthesizer: what `cdk bootstrap` would have made.
_VERSION_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
_VERSION = "30"
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file or folder of an assembly, and where it is to be."""

    source: Path
    bucket: str
    key: str

    def content(self) -> bytes:
        return _zipped(self.source) if self.source.is_dir() else self.source.read_bytes()


def bucket_in(region: str) -> str:
    """The bucket of a region's assets."""
    return f"cdk-hnb659fds-assets-{ACCOUNT}-{region}"


def bootstrap(cloud: Cloud) -> None:
    """Make the two things of CDK's bootstrap stack that a deployment needs, unless they exist."""
    s3, ssm = cloud.client("s3"), cloud.client("ssm")
    bucket = bucket_in(cloud.region)
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError:
        place: Any = {"LocationConstraint": cloud.region}
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    with suppress(ssm.exceptions.ParameterAlreadyExists):
        ssm.put_parameter(Name=_VERSION_PARAMETER, Value=_VERSION, Type="String")


def upload(assembly: Assembly, cloud: Cloud) -> int:
    """Upload what is not there yet (keys are hashes of the contents); return how many."""
    s3 = cloud.client("s3")
    wanted = {(asset.bucket, asset.key): asset for asset in _assets(assembly, cloud.region)}
    buckets = {bucket for bucket, _ in wanted}
    present = {(bucket, key) for bucket in buckets for key in _keys(s3, bucket)}
    missing = [asset for place, asset in wanted.items() if place not in present]

    def put(asset: Asset) -> None:
        s3.put_object(Bucket=asset.bucket, Key=asset.key, Body=asset.content())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, missing))
    return len(missing)


def template_url(assembly: Assembly, artifact: str, cloud: Cloud) -> str:
    """Where CloudFormation finds a stack's uploaded template."""
    manifest = json.loads((assembly.directory / "manifest.json").read_text())
    address = manifest["artifacts"][artifact]["properties"]["stackTemplateAssetObjectUrl"]
    return f"{cloud.endpoint}/{_placed(address, cloud.region).removeprefix('s3://')}"


def _assets(assembly: Assembly, region: str) -> Iterator[Asset]:
    for stack in assembly.stacks:
        for file in json.loads(stack.assets_file.read_text())["files"].values():
            source = assembly.directory / file["source"]["path"]
            for destination in file["destinations"].values():
                bucket = _placed(destination["bucketName"], region)
                yield Asset(source, bucket, destination["objectKey"])


def _placed(name: str, region: str) -> str:
    return (
        name.replace("${AWS::AccountId}", ACCOUNT)
        .replace("${AWS::Region}", region)
        .replace("${AWS::Partition}", "aws")
    )


def _keys(s3: S3Client, bucket: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for entry in page.get("Contents", []):
            yield entry["Key"]


def _zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                entry = zipfile.ZipInfo(str(file.relative_to(folder)), _FIXED_TIME)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, file.read_bytes())
    return buffer.getvalue()
