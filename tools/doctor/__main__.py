"""`make doctor`: exit status 1 if something that was found stops `make run`."""

import sys

if __name__ == "__main__":
    if sys.version_info < (3, 8):  # noqa: UP036 - this is where an old one is refused
        sys.exit(
            "doctor: Python 3.11 or later is needed, and {} is {}.{}; name another one: "
            "make setup PYTHON=/path/to/python3.11".format(sys.executable, *sys.version_info[:2])
        )
    from tools.doctor.examination import main

    sys.exit(main())
