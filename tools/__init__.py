"""Commands and checks around the system: nothing in here is deployed. Layers point downward."""

import sys
from pathlib import Path

# What runs in the functions is used here too, and imported as they import it.
# And what runs in containers.
_CHECKOUT = Path(__file__).resolve().parents[1]
for _folder in (str(_CHECKOUT / "containers"), str(_CHECKOUT / "lambdas")):
    if _folder not in sys.path:
        sys.path.insert(0, _folder)
