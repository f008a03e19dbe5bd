"""Configuration as git has it: checked, compared with what is deployed, deployed, and looked after.

`config/{environment}/{service}.json` is the truth; `docs/configuration.md` says how to change it.
"""

import sys
from pathlib import Path

# What runs in the functions reads the documents here too, and is imported as they import it.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lambdas"))
