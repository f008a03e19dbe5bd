"""Which file means what for the system that is up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from tools.base.target import ENVIRONMENTS

_NEVER = {"__pycache__", "node_modules", "cdk.out"}
_OF_EDITORS = ("~", ".swp", ".swx", ".tmp", ".pyc", ".orig", ".draft")
_OF_PYTEST = "pytest-cache-files-"
"""What begins so becomes its cache, when tests run in a checkout for the first time."""
_TEMPLATES = {"stacks", "contracts", "bundling"}
_TEMPLATE_FILES = {"app.py", "cdk.json"}
_RUNNING = {"base", "configuration", "dev", "emulator", "local"}
"""Parts of the tools that are at work while `make dev` runs."""
_INSTALLED = {"requirements.txt", "package.json", "package-lock.json"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done for some changed files."""

    code: bool = False
    """Packages are looked at: what has changed of them is tried, built and given to functions."""
    templates: bool = False
    """The app is synthesized, and the stacks that differ are deployed."""
    environments: frozenset[str] = frozenset()
    """Whose configuration documents are judged; that of the running environment is deployed."""
    restart: tuple[str, ...] = ()
    """Files that count from the next `make dev` on."""
    setup: tuple[str, ...] = ()
    """Files that count after the next `make setup`."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing that is up has anything to do with the files."""
        return self == Plan()


def counts(path: PurePosixPath) -> bool:
    """Whether a path below the checkout is a file of the project, and no editor's or tool's own."""
    return not (
        any(part in _NEVER or part.startswith(".") for part in path.parts)
        or path.name.endswith(_OF_EDITORS)
        or path.parts[0].startswith(_OF_PYTEST)
        or path.name.isdecimal()  # vim tries whether it may write with a file called 4913
    )


def plan(changed: Iterable[PurePosixPath]) -> Plan:
    """What these files, named from the checkout's root, ask for; the order does not matter."""
    code = templates = False
    environments: set[str] = set()
    restart: list[str] = []
    setup: list[str] = []
    for path in sorted(filter(counts, changed)):
        top, *below = path.parts
        match top:
            case "lambdas":
                code = True
            case "config" if below and below[0] == "schemas":
                templates = True
                environments.update(ENVIRONMENTS)
            case "config" if below and below[0] in ENVIRONMENTS:
                environments.add(below[0])
            case "tools" if below and (below[0] in _RUNNING or len(below) == 1):
                restart.append(str(path))
                templates |= below[0] in ("base", "__init__.py")
            case _ if path.parent.name in ("", "web") and path.name in _INSTALLED:
                setup.append(str(path))
            case "web" if below[0] not in ("dist", "tests"):
                code = True
            case _ if top in _TEMPLATES or (not below and top in _TEMPLATE_FILES):
                templates = True
                if top == "bundling":
                    restart.append(str(path))
    return Plan(code, templates, frozenset(environments), tuple(restart), tuple(setup))
