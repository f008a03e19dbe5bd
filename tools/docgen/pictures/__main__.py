"""`python -m tools.docgen.pictures TEMPLATE`: writes docs/saga.svg from a synthesized template."""

import argparse
import json
import sys
from pathlib import Path

from contracts.product import PRODUCT
from tools.docgen.pictures.state_machine import definition_in, draw

TARGET = Path(__file__).parents[3] / "docs" / "saga.svg"


def main() -> int:
    """Draw the state machine of the template."""
    parser = argparse.ArgumentParser(prog="python -m tools.docgen.pictures", description=__doc__)
    parser.add_argument(
        "template",
        type=Path,
        help=f"such as cdk.out/{PRODUCT}-dev-fulfilment.template.json",
    )
    template = parser.parse_args().template
    try:
        picture = draw(definition_in(json.loads(template.read_text())))
    except (OSError, ValueError) as error:
        parser.error(f"{template}: {error}")
    TARGET.write_text(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
