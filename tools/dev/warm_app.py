"""Runs the app as soon as a line comes, in a process that has loaded the CDK before.

Loading takes longer than the app itself. Nothing of the checkout is loaded ahead: it changes.
"""

from __future__ import annotations

import importlib
import runpy
import sys

if __name__ == "__main__":
    app, *modules = sys.argv[1:]
    for module in modules:
        importlib.import_module(module)
    if sys.stdin.readline():
        sys.path.insert(0, app.rpartition("/")[0])
        sys.argv = [app]
        runpy.run_path(app, run_name="__main__")
