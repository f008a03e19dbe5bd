"""Logical ids under another name: they end in digests of paths, as the CDK makes them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

from tools.rename.texts import replaced

Path = tuple[str, ...]
"""The ids of constructs from the stack down, as the metadata of a template have them."""
_LONGEST_SINGLE = 255
_LONGEST_READABLE = 240
_DIGEST = re.compile(r"[0-9A-F]{8}$")


class Unexplained(Exception):
    """A digest is of something that cannot be seen; the message says where it stands."""


def unique_id(path: Sequence[str]) -> str:
    """The id that the CDK gives a path (``uniqueid.ts`` of aws-cdk-lib)."""
    path = [it for it in path if it != "Default"]
    if len(path) == 1 and len(_letters(path[0])) <= _LONGEST_SINGLE:
        return _letters(path[0])
    readable: list[str] = []
    for part in path:
        if not readable or not readable[-1].endswith(part):
            readable.append(part)
    text = "".join(_letters(it) for it in readable if it != "Resource")
    digest = hashlib.md5("/".join(path).encode(), usedforsecurity=False).hexdigest()[:8]
    return text[:_LONGEST_READABLE] + digest.upper()


def _letters(part: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", part)


def _replaced_from_the_right(token: str, old: str, new: str) -> str:
    """What follows the name in an id is an environment, and what comes before it may end as the
    name begins.
    """
    for form in (str, str.capitalize, str.upper):
        token = form(new).join(token.rsplit(form(old)))
    return token


class Ids:
    """Finds the path that each digest is of, and makes the id again from the renamed path."""

    def __init__(self, paths: Iterable[Path], old: str, new: str) -> None:
        self._old, self._new = old, new
        self._token = re.compile(rf"\w*{old}\w*", re.IGNORECASE)
        paths = set(paths)
        self._logical = {
            unique_id(path[1:]): path[1:]
            for path in paths
            if any(old in part.lower() for part in path[1:])
        }
        """Ids of resources, which are told apart within their stack."""
        prefixes = {path[:end] for path in paths for end in range(1, len(path) + 1)}
        self._global = {unique_id(path): path for path in prefixes if len(path) > 1}
        """Ids of constructs that hold their stack's name, which other ids take up."""
        self._stacks = {path[0] for path in paths}
        self._known: dict[str, str] = {}

    def renamed(self, text: str) -> str:
        """The text with the new name, and with the digests that follow from it.

        Raises:
            Unexplained: one of them cannot be made again.
        """
        return self._token.sub(lambda found: self._renamed(found[0]), text)

    def _renamed(self, token: str) -> str:
        if token not in self._known:
            self._known[token] = self._made_again(token)
        return self._known[token]

    def _made_again(self, token: str) -> str:
        if not _DIGEST.search(token):
            return _replaced_from_the_right(token, self._old, self._new)
        if path := self._logical.get(token):
            return unique_id([self.renamed(part) for part in path])
        start = token.find(self._old)
        if start >= 0 and (path := self._path_of(token[start:])):
            before = replaced(token[:start], self._old, self._new)
            return before + unique_id([self.renamed(part) for part in path])
        raise Unexplained(f"nothing shows what the digest in {token} is of")

    def _path_of(self, id: str) -> Path | None:
        """What a stack only refers to is no resource, and stands right below it."""
        below = (
            (stack, id[len(_letters(stack)) : -8])
            for stack in self._stacks
            if id.startswith(_letters(stack))
        )
        return self._global.get(id) or next((it for it in below if unique_id(it) == id), None)
