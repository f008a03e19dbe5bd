"""`make setup`. With ``--ready`` only an exit status: 0 if all is there."""

import sys

if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - this is where an old one is refused
        sys.exit(
            "setup: Python 3.11 or later is needed, and {} is {}.{}; name another one: "
            "make setup PYTHON=/path/to/python3.11".format(sys.executable, *sys.version_info[:2])
        )
    from tools.toolchain.setup import main

    sys.exit(main())
