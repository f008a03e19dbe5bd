"""Commands and checks around the system: nothing in here is deployed. Layers point downward."""

import sys
from pathlib import Path

# What runs in the functions is used here too, and imported as they import it.
_LAMBDAS = str(Path(__file__).resolve().parents[1] / "lambdas")
if _LAMBDAS not in sys.path:
    sys.path.insert(0, _LAMBDAS)
