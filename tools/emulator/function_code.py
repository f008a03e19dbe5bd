"""Gives deployed functions the code that their packages have now, without a deployment."""

from __future__ import annotations

import base64
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

from bundling.sources import services_in
from bundling.workspace import Workspace
from tools.base.endpoint import Cloud

_HANDLERS = ".handlers."
_AT_ONCE = 4


def give_functions_their_code(
    cloud: Cloud, packages: Collection[str] | None = None, built: Workspace | None = None
) -> dict[str, list[str]]:
    """Update each function whose code is not its package's; return which, by package.

    What a function is doing meanwhile it ends on its old code (``function_updates.py``).

    Args:
        packages: such as ``order_views``; all that are built, if none is named.
    """
    built = built or Workspace()
    zips = {name: built.zip_of(name, "local") for name in packages or services_in(built.sources)}
    content = {name: path.read_bytes() for name, path in zips.items() if path.exists()}
    digests = {name: base64.b64encode(sha256(it).digest()).decode() for name, it in content.items()}
    client = cloud.client("lambda")
    updated: dict[str, list[str]] = {}
    for page in client.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            package = package_of(function.get("Handler", ""))
            if package in digests and function["CodeSha256"] != digests[package]:
                updated.setdefault(package, []).append(function["FunctionName"])

    def update(package: str, name: str) -> None:
        client.update_function_code(FunctionName=name, ZipFile=content[package])

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        given = [pool.submit(update, it, name) for it, names in updated.items() for name in names]
    for it in given:
        it.result()
    return updated


def handlers(cloud: Cloud) -> dict[str, str]:
    """The handler of each deployed function of ours, by the function's name."""
    return {
        function["FunctionName"]: function["Handler"]
        for page in cloud.client("lambda").get_paginator("list_functions").paginate()
        for function in page["Functions"]
        if package_of(function.get("Handler", ""))
    }


def package_of(handler: str) -> str:
    """``orders`` of ``orders.handlers.place_order.handler``; nothing for a handler of others."""
    package, ours, _ = handler.partition(_HANDLERS)
    return package if ours else ""
