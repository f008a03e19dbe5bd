"""Operators' commands, against the emulator or an account: look first, then change with a word.

They go through functions that the services publish, as anybody else does; no command touches a
service's table.
"""

import sys
from pathlib import Path

# What runs in the functions is used here too, and imported as they import it.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lambdas"))
