"""Which tests a difference can break, and by which way it reaches each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from tools.affected.knowledge import Knowledge

_OF_EVERY_TEST = {"pyproject.toml", "requirements.txt", "tests/conftest.py"}
_DEPLOYS = {
    "tools/local/bring_up.py",
    "tools/emulator/deploy.py",
    "tools/emulator/container_process.py",
}
"""Modules that put the system to work: who needs them tries functions and servers there."""
_LEVELS = ("tests/integration/", "tests/faults/", "tests/e2e/")
"""Those that may deploy. Below them, sockets are blocked; beside them, all answers are recorded."""
_AT_WORK = (*_LEVELS, "tests/browser/")
_COPIES = "tests/support/drivers/copied_tree.py"
"""Who needs it in tests of the templates tries the system in a copy of the checkout."""
_OF_SERVICES = ("lambdas/", "containers/")
_DOCSTRING = re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*"""')
_LITERALS = re.compile(r'''"([^"\n]{2,120})"''')
_WALKS = re.compile(r"\b(?:r?glob|iterdir|walk|ls-files|copytree|tracked_texts|copy_to|copied)\b")
_CODE = frozenset({"containers", "lambdas", "stacks", "tools", "tests"})
_PARTS = re.compile(r'\bPath\(("[\w.-]+"(?:, "[\w.-]+")+)\)')
_BELOW_ROOT = re.compile(r'\bCHECKOUT / ("[\w.-]+"(?: / "[\w.-]+")*)')
_DECLARATION = re.compile(r"^SERVICE = .*?\)$", re.MULTILINE | re.DOTALL)
"""It names files that a team answers for, and none that the stack reads."""
_ROOT = re.compile(r"\bCHECKOUT\b|\bROOT\b|parents\[\d\]")


class Suite:
    """The files of tests, each with what it needs."""

    def __init__(self, known: Knowledge) -> None:
        self._known = known
        self._files = known.files
        self._closures: dict[str, frozenset[str]] = {}
        self._subjects: dict[str, frozenset[str]] = {}
        self._named: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        self._put_together: dict[str, frozenset[str]] = {}

    @cached_property
    def all(self) -> list[str]:
        """The files that pytest would run."""
        return sorted(
            path
            for path in self._files.python
            if path.startswith("tests/")
            and path.rpartition("/")[2].startswith("test_")
            and path not in self._files.deleted
        )

    def affected(self, paths: frozenset[str], services: dict[str, str]) -> dict[str, str]:
        """Each test that a difference can break, with the reason; ``services`` are affected.

        Those that need little come first: they say soonest what is wrong.
        """
        found: dict[str, str] = {}
        for test in self.all:
            reason = next(self._reasons(test, paths, services), None)
            if reason is not None:
                found[test] = reason
        return dict(sorted(found.items(), key=lambda it: self._weight(it[0], paths)))

    def _weight(self, test: str, paths: frozenset[str]) -> tuple[bool, bool, int]:
        """Whether a system is deployed for it, whether it only reads, how many modules it needs."""
        needed = self.needed(test)
        return self._deploys(test), not needed & paths, len(needed)

    def _reasons(self, test: str, paths: frozenset[str], services: dict[str, str]) -> Iterator[str]:
        if test in paths:
            yield "it is changed"
        for path in sorted(_OF_EVERY_TEST & paths):
            yield f"every test needs {path}"
        needed = self.needed(test)
        for path in sorted(needed & paths):
            yield f"it needs {path}"
        for path in sorted(paths - needed):
            if reads := self._reads(test, path):
                yield f"it reads {reads}"
        if self._deploys(test) or self._tries_a_copy(test):
            for service in sorted(services):
                if service in self.tried(test):
                    yield f"it tries {service}: {services[service]}"

    def needed(self, test: str) -> frozenset[str]:
        """The modules that a test needs. One that deploys needs the stacks' code, not all of it."""
        if test not in self._closures:
            of_imports = self._known.imports.closure([test], by_name=False)
            # What a test tries that deploys, or makes a copy, is told by what it names: `tried`.
            if not test.startswith(_AT_WORK) and not _is_of_a_copy(test, of_imports):
                of_imports = self._known.imports.closure([test])
            self._closures[test] = of_imports
        return self._closures[test]

    def _deploys(self, test: str) -> bool:
        return test.startswith(_LEVELS) and bool(_DEPLOYS & self.needed(test))

    def _tries_a_copy(self, test: str) -> bool:
        return _is_of_a_copy(test, self.needed(test))

    def tried(self, test: str) -> frozenset[str]:
        """The services that a test is about.

        Those that its file is called after; else those that it says something of; else those that
        whatever drives the system for it does. What it goes through besides has tests of its own.
        """
        if test not in self._subjects:
            told: set[str] = self._named_in(test) or self._told_of(test)
            told |= {
                owner for image, owner in self._images.items() if f"_{image}_" in _spaced(test)
            }
            for path in self.needed(test) if not told else ():
                if path.startswith("tests/"):
                    told |= self._told_of(path)
            self._subjects[test] = frozenset(told)
        return self._subjects[test]

    def _named_in(self, test: str) -> set[str]:
        """The service in a file's name: the longest, since ``order_views`` is not ``orders``."""
        found = [it for it in self._known.services if f"_{it.package}_" in _spaced(test)]
        return {max(found, key=lambda it: len(it.package)).name} if found else set()

    @cached_property
    def _images(self) -> dict[str, str]:
        """Whose each image is, by its folder in ``containers``."""
        owner = self._known.owner
        found = {it: owner.get(f"containers/{it}/Dockerfile", "") for it in self._known.images}
        return {image: service for image, service in found.items() if service}

    @cached_property
    def _vocabulary(self) -> dict[str, str]:
        """The service that a quoted text means."""
        words = self._known.constructs | self._images
        for contract in self._known.contracts.values():
            words[contract.type] = contract.owner
        for service in self._known.services:
            for name in (service.name, *service.views, *service.consumers):
                words[name] = service.name
        return words

    def _told_of(self, path: str) -> set[str]:
        text = _DOCSTRING.sub("", self._files.texts[path])
        literals = {word for it in _LITERALS.findall(text) for word in re.split(r"[/\s,:-]", it)}
        literals |= set(_LITERALS.findall(text))
        found = {self._vocabulary[it] for it in literals if it in self._vocabulary}
        packages = {it.split("/")[1] for it in self._known.imports.needed_by(path) if _is_code(it)}
        return found | {it.name for it in self._known.services if it.package in packages}

    def _reads(self, test: str, path: str) -> str:
        """What of the path a test opens: the file itself or a folder that it goes through."""
        if _recorded_for(path) == test:
            return path
        if path.startswith(_OF_SERVICES) and self._tries_a_copy(test):
            return ""
        at_work = self._deploys(test) or test.startswith(_AT_WORK[-1])
        for source in sorted(self.needed(test)):
            if source.startswith("tests/"):
                found = self._opened(source, path)
            else:  # what a deployed test tries is told by what it names: see `tried`
                found = "" if at_work else self._opened_by_code(source, path)
            if found:
                return found
        return ""

    def _opened_by_code(self, source: str, path: str) -> str:
        """What a module opens: a file or folder that it names from the root, or its neighbour.

        A folder of code does not count that is named by one part: what is needed of it is found by
        imports, and half of all modules say ``lambdas``.
        """
        literals, _ = self._literals(source)
        named = self._below_root(source) | {it for it in literals if "/" in it}
        beside = source.rpartition("/")[0]
        parents = [path[:at] for at, it in enumerate(path) if it == "/"]
        for opened in (path, *parents):
            parent, _, name = opened.rpartition("/")
            is_neighbour = bool(parent) and parent == beside and name in literals
            if (opened in named - _CODE or is_neighbour) and not opened.endswith(".py"):
                return f"{opened}, as {source} does"
        return ""

    def _below_root(self, source: str) -> frozenset[str]:
        """The paths that a module puts together of parts."""
        if source not in self._put_together:
            text = self._files.texts[source]
            found = _BELOW_ROOT.findall(text) + _PARTS.findall(text)
            self._put_together[source] = frozenset(
                "/".join(re.findall(r'"([^"]+)"', it)) for it in found
            )
        return self._put_together[source]

    def _opened(self, source: str, path: str) -> str:
        literals, walks = self._literals(source)
        name = path.rpartition("/")[2]
        if path in literals or (name in literals and not path.endswith(".py")):
            return path
        # A file's name may be put together: ``CHECKOUT / "k8s" / "rendered" / f"{stage}.yaml"``.
        put_together = {it for it in self._below_root(source) if "/" in it}
        opened = walks | (put_together & self._files.folders)
        folder = path
        while "/" in folder:
            folder = folder.rpartition("/")[0]
            if folder in opened:
                return f"{folder}/"
        return "the whole checkout" if "." in walks else ""

    def _literals(self, source: str) -> tuple[frozenset[str], frozenset[str]]:
        """The paths that a module names, and the folders whose files it goes through."""
        if source not in self._named:
            text = _DECLARATION.sub("", self._files.texts[source])
            literals = frozenset(
                it.removeprefix("/").removesuffix("/") for it in _LITERALS.findall(text)
            )
            joined = {it.replace('" / "', "/") for it in re.findall(r'"([\w./" -]+)"', text)}
            named = literals | frozenset(joined)
            walks: frozenset[str] = frozenset()
            if _WALKS.search(text) and _ROOT.search(text):
                folders = frozenset(it for it in named if it in self._files.folders)
                walks = folders or frozenset({"."})
            self._named[source] = (named, walks)
        return self._named[source]


def _spaced(test: str) -> str:
    """A file's name with an underscore before and after each of its words."""
    return test.rpartition("/")[2].removesuffix(".py").removeprefix("test") + "_"


def _recorded_for(path: str) -> str:
    """The test whose accepted answers a file has."""
    folder, is_recorded, name = path.partition("/__snapshots__/")
    return f"{folder}/{name.partition('/')[0].partition('.')[0]}.py" if is_recorded else ""


def _is_of_a_copy(test: str, needed: frozenset[str]) -> bool:
    return test.startswith("tests/infra/") and _COPIES in needed


def _is_code(path: str) -> bool:
    return path.startswith("lambdas/") and path.count("/") > 1
