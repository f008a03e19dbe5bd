"""Writes assemblies like CDK's from a few lines, for tests that need no CDK."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.base.assembly import Assembly

_BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"


def write_assembly(
    directory: Path,
    templates: Mapping[str, Mapping[str, Any]],
    depends_on: Mapping[str, list[str]] | None = None,
) -> Assembly:
    """One stack for each template, whose artifact has the stack's name."""
    directory.mkdir(parents=True, exist_ok=True)
    artifacts = {}
    for name, template in templates.items():
        text = json.dumps(template)
        digest = hashlib.sha256(text.encode()).hexdigest()
        file = f"{name}.template.json"
        (directory / file).write_text(text)
        destination = {"bucketName": _BUCKET, "objectKey": f"{digest}.json"}
        asset = {"source": {"path": file}, "destinations": {"here": destination}}
        (directory / f"{name}.assets.json").write_text(json.dumps({"files": {digest: asset}}))
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "dependencies": [f"{name}.assets", *(depends_on or {}).get(name, [])],
            "properties": {
                "templateFile": file,
                "stackName": name,
                "tags": {"service": name},
                "stackTemplateAssetObjectUrl": f"s3://{_BUCKET}/{digest}.json",
            },
        }
    (directory / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return Assembly(directory)
