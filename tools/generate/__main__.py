"""`make generate`; with ``--check``, what `make check` says about all that is generated.

With ``--services`` only their templates are synthesized, and those of all others are taken to be as
they were: for who adds or removes a service and knows which templates say something of it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from tools.base.workspace import CHECKOUT
from tools.generate.products import (
    PRODUCTS,
    SNAPSHOTS,
    NotGenerated,
    Product,
    write_snapshots,
)

Digests = dict[str, str]
ALL = "make generate"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or compare; the exit status: 1 if something is stale, or could not be written."""
    os.environ["CDK_VALIDATION"] = "false"  # the rules have their own tests
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="say what is stale; write nothing")
    parser.add_argument("--services", nargs="+", help="synthesize no others")
    options = parser.parse_args(arguments)
    if options.check:
        return check(PRODUCTS)
    return generate(_of(options.services) if options.services else PRODUCTS)


def generate(products: Iterable[Product], checkout: Path = CHECKOUT) -> int:
    """Write everything, and say which files are others now; what fails does not stop the rest."""
    failed = False
    for product in products:
        before = _digests(product, checkout)
        try:
            product.write()
        except (NotGenerated, LookupError) as error:
            print(f"generate: {product.name}: {error}", file=sys.stderr)
            failed = True
            continue
        changes = list(_changes(before, _digests(product, checkout)))
        print(product.name if changes else f"{product.name}: as before")
        for change in changes:
            print(f"  {change}")
    return 1 if failed else 0


def _of(services: Collection[str]) -> list[Product]:
    """All products, of which the snapshots are written for some services alone."""
    few = replace(SNAPSHOTS, write=partial(write_snapshots, services))
    return [few if it is SNAPSHOTS else it for it in PRODUCTS]


def check(products: Iterable[Product]) -> int:
    """Say what is stale, and what mends it."""
    stale = []
    for product in products:
        try:
            if not product.is_fresh():
                stale.append((product, ""))
        except LookupError as error:
            stale.append((product, f" ({error})"))
    for product, why in stale:
        if product is SNAPSHOTS:
            print(
                "generated: the snapshots are not compared here, because that needs a synthesis; "
                "`make generate` or `make test` does it"
            )
        else:
            commands = " or ".join(f"`{it}`" for it in dict.fromkeys((product.command, ALL)))
            print(f"generated: stale: {product.name}{why}. {commands} writes it", file=sys.stderr)
    return 1 if any(it is not SNAPSHOTS for it, _ in stale) else 0


def _digests(product: Product, checkout: Path) -> Digests:
    return {
        file.relative_to(checkout).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in product.files(checkout)
    }


def _changes(before: Digests, after: Digests) -> Iterable[str]:
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            yield f"new: {name}"
        elif name not in after:
            yield f"removed: {name}"
        elif before[name] != after[name]:
            yield f"changed: {name}"


if __name__ == "__main__":
    sys.exit(main())
