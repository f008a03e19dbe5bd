"""Which module needs which: what it imports, what it names, and what a test's fixtures need."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tools.affected.files import Files

_ROOT = "tests/conftest.py"
_FROM = re.compile(
    r"^[ \t]*from[ \t]+([\w.]+)[ \t]+import[ \t]+(?:\(([^)]*)\)|([^\n#(]*))", re.MULTILINE
)
_NAMED = re.compile(r"\b[a-z_]\w*(?:\.\w+)+")
"""A dotted name: an import, the string of a handler, or a module that is run."""
_PLAIN = re.compile(r"^[ \t]*(?:import|from)[ \t]+(\w+)\b(?!\.)", re.MULTILINE)
"""An import of a program that is run from its folder and finds its neighbours there."""
_SCRIPT = re.compile(r'"(\w+\.py)"')
_OF_A_TEMPLATE = re.compile(r'"\w+\.handlers\.\w+\.\w+"')
"""A handler as a template names it: whoever judges templates compares it, and imports nothing."""
_LONG = re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*"""')
_RUN = re.compile(r'"-m",\s*"([a-z_]+(?:\.\w+)*)"')
_DYNAMIC = re.compile(r"""import_module\(\s*(?:f?"([^"]*)"|[\w.(\[])""")
_FIXTURE = re.compile(
    r"^@pytest\.fixture(\([^\n]*\))?\ndef (\w+)\(.*?(?=^@|^def |^class |\Z)",
    re.MULTILINE | re.DOTALL,
)
_WORD = re.compile(r"\w+")
_HOOK = re.compile(r"^def (pytest_\w+)", re.MULTILINE)


class Imports:
    """The graph of all modules; an edge leads from a module to one that it needs."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._handlers = [
            it for it in files.python if it.startswith("lambdas/") and "/handlers/" in it
        ]
        self._conftests = {
            path.removesuffix("conftest.py"): Conftest(text, hooks_count=path != _ROOT)
            for path, text in files.python.items()
            if path.startswith("tests/") and path.endswith("/conftest.py")
        }
        self._roots = {it.partition(".")[0] for it in files.modules}
        self._bodies: dict[str, set[str]] = {}
        self._needed: dict[str, frozenset[str]] = {}
        self._by_name: dict[str, frozenset[str]] = {}

    def needed_by(self, path: str, *, by_name: bool = True) -> frozenset[str]:
        """What one module needs, without what those need in turn.

        ``by_name`` has what it imports by a name that only a run knows, such as every handler.
        """
        if path not in self._needed:
            text = self._files.python[path]
            # What a conftest needs counts for those who use its fixtures: see `_of_fixtures`.
            found = set() if path.endswith("/conftest.py") else set(self._of_module(path, text))
            if path.startswith("tests/") and path.rpartition("/")[2].startswith("test_"):
                found.update(self._of_fixtures(path, text))
            found.discard(path)
            if path.startswith("tools/"):  # which run what is in containers in processes of its own
                found = {it for it in found if not it.startswith("containers/")}
            self._needed[path] = frozenset(found)
            self._by_name[path] = frozenset(self._imported_in(text))
        return self._needed[path] | self._by_name[path] if by_name else self._needed[path]

    def closure(self, paths: Iterable[str], *, by_name: bool = True) -> frozenset[str]:
        """The modules, and all that they need, directly or not."""
        found: set[str] = set()
        waiting = [it for it in paths if it in self._files.python]
        while waiting:
            path = waiting.pop()
            if path not in found:
                found.add(path)
                waiting.extend(self.needed_by(path, by_name=by_name) - found)
        return frozenset(found)

    def _of_module(self, path: str, text: str) -> Iterator[str]:
        if path.startswith("tests/infra/"):
            text = _OF_A_TEMPLATE.sub('""', text)
        # Only a test has programs in such texts.
        yield from self._in_text(text if path.startswith("tests/") else _LONG.sub("", text))
        folder = path.rpartition("/")[0]
        for name in {f"{it}.py" for it in _PLAIN.findall(text)} | set(_SCRIPT.findall(text)):
            if (neighbour := f"{folder}/{name}") in self._files.python:
                yield neighbour

    def _in_text(self, text: str) -> Iterator[str]:
        modules = self._files.modules
        for module, many, one in _FROM.findall(text):
            yield from self._resolved(module)
            for part in (many or one).split(","):
                name = part.strip().partition(" ")[0]
                if path := modules.get(f"{module}.{name}"):
                    yield path
        for name in set(_NAMED.findall(text)):
            root = name.partition(".")[0]
            if root in self._roots:
                # A variable may be called like a package; one of its modules is no accident.
                yield from (it for it in self._resolved(name) if it != modules.get(root))
        if '"-m"' in text:
            for name in set(_RUN.findall(text)):
                if path := modules.get(f"{name}.__main__"):
                    yield path

    def _imported_in(self, text: str) -> Iterator[str]:
        if "import_module" in text:
            for pattern in _DYNAMIC.findall(text):
                yield from self._imported_by_name(pattern)

    def _resolved(self, name: str) -> Iterator[str]:
        """The module that a dotted name means, which may go on with what is in it."""
        modules = self._files.modules
        while name:
            if path := modules.get(name):
                yield path
                return
            name = name.rpartition(".")[0]

    def _imported_by_name(self, pattern: str) -> Iterator[str]:
        """Those that fit ``stacks.{package}``; of a name that says nothing, every handler."""
        placeholder = re.compile(r"\{[^}]*\}")
        if not placeholder.sub("", pattern).strip("."):
            yield from self._handlers
            return
        # What a name begins with that only a run knows is a service: all others are written out.
        named = r"[^.]+".join(map(re.escape, placeholder.split(pattern)))
        fitting = re.compile(named)
        for name, path in self._files.modules.items():
            if fitting.fullmatch(name) and (path.startswith("lambdas/") or pattern[0] != "{"):
                yield path

    def _of_fixtures(self, path: str, text: str) -> Iterator[str]:
        """What the fixtures need that a test names, or gets without a word."""
        for folder, conftest in self._conftests.items():
            if path.startswith(folder):
                for body in conftest.used_by(text):
                    yield f"{folder}conftest.py"
                    yield from self._in_body(body, conftest)

    def _in_body(self, body: str, conftest: Conftest) -> Iterator[str]:
        if body not in self._bodies:
            found = set(self._in_text(body))
            words = set(_WORD.findall(body))
            for name, module in conftest.imported.items():
                if name in words:
                    found.update(self._resolved(module))
            self._bodies[body] = found
        yield from self._bodies[body]


class Conftest:
    """A file of fixtures: what each of them is made of."""

    def __init__(self, text: str, *, hooks_count: bool) -> None:
        self.imported = dict(_bindings(text))
        found = list(_FIXTURE.finditer(text))
        self._bodies = {it[2]: it[0] for it in found}
        self._everybodys = {it[2] for it in found if "autouse" in (it[1] or "")}
        # A hook runs for every test of its folder.
        self._hooks = [text] if hooks_count and _HOOK.search(text) else []
        names = "|".join(map(re.escape, self._bodies)) or r"(?!)"
        self._named = re.compile(rf"\b({names})\b\s*[:,)\"]")

    def used_by(self, test: str) -> list[str]:
        """The code that runs for a test of this text: hooks, and fixtures with what they use."""
        found: set[str] = set()
        waiting = self._everybodys | set(self._named.findall(test))
        while waiting:
            name = waiting.pop()
            found.add(name)
            waiting |= set(self._named.findall(self._bodies[name])) - found
        return [*self._hooks, *(self._bodies[it] for it in sorted(found))]


def _bindings(text: str) -> Iterator[tuple[str, str]]:
    """What each name stands for that a module imports at its top."""
    for module, many, one in _FROM.findall(text):
        for part in (many or one).split(","):
            name, _, other = part.strip().partition(" as ")
            if name:
                yield other or name, f"{module}.{name}"
