"""What a new service may be called, and every form of its name that the templates use."""

from __future__ import annotations

import keyword
import re
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from tools.generator.errors import NameRefused

LONGEST = 24
"""A role's name holds it beside product, environment, region and function, in 64 characters (IAM)
where it can: longer ones end in a digest that nobody can read."""
_FORM = re.compile(r"[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*")
_NAMESPACE = uuid.UUID("0f0a9c1c-5d5c-5f0e-9a37-2f7b6d1f4c10")
"""Under which each service gets one for the ids of its own aggregates."""
_OWNER = re.compile(r"(?=.{1,39}\Z)[a-z0-9]+(-[a-z0-9]+)*")
_OF_AWS = ("aws", "amazon")
_ENDS_LIKE_A_LANGUAGE = "-language"
_CLASS = re.compile(r"\b[A-Z][A-Za-z]+\b")
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}")


@dataclass(frozen=True, slots=True)
class Names:
    """``name`` is the service's, such as ``gift-cards``; ``item`` is one of them: ``gift-card``."""

    name: str
    item: str

    @property
    def package(self) -> str:
        """Of its modules."""
        return self.name.replace("-", "_")

    def forms(self) -> Mapping[str, str]:
        """What the templates call by these names."""
        return {
            "name": self.name,
            "package": self.package,
            "Plural": _camel(self.name),
            "item": self.item.replace("-", "_"),
            "Item": _camel(self.item),
            "word": self.item.replace("-", " "),
            "words": self.name.replace("-", " "),
            "Words": self.name.replace("-", " ").capitalize(),
            "namespace": str(uuid.uuid5(_NAMESPACE, self.name)),
        }


def parse(name: str, templates: Path, taken: frozenset[str]) -> Names:
    """The forms of a name.

    Args:
        templates: whose text says which names of classes are in use.
        taken: names of packages and services that there are.

    Raises:
        NameRefused: nothing in the system can have that name; with the reason.
    """
    if not name.isascii():
        raise NameRefused(f"{name}: letters from a to z, digits and dashes only")
    if not _FORM.fullmatch(name):
        wanted = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-0123456789")
        hint = f"; try {wanted}" if _FORM.fullmatch(wanted) and len(wanted) <= LONGEST else ""
        raise NameRefused(
            f"{name[:80]}: a name has small letters, digits, and single dashes between words, each "
            f"of which begins with a letter{hint}"
        )
    if len(name) > LONGEST:
        raise NameRefused(f"{name[:80]}: {len(name)} characters; no more than {LONGEST}")
    if name.startswith(_OF_AWS):
        raise NameRefused(f"{name}: AWS keeps names that begin with aws or amazon to itself")
    if name.endswith(_ENDS_LIKE_A_LANGUAGE):
        raise NameRefused(f"{name}: a package that ends in _language is a published language")
    names = Names(name, singular(name))
    package = names.package
    if keyword.iskeyword(package) or keyword.issoftkeyword(package):
        raise NameRefused(f"{name}: a word of Python's own, which no module can be called")
    if package in taken or name in taken:
        raise NameRefused(
            f"{name}: a service, a view or a package has that name already. If nothing but "
            f"lambdas/{package} is left of one, delete that folder"
        )
    if package in modules_in(templates):
        raise NameRefused(f"{name}: the generated code has a module of that name for another thing")
    if package in sys.stdlib_module_names or package in _libraries():
        raise NameRefused(f"{name}: a library is called so, and the service would hide it")
    of_class = names.forms()["Item"]
    if of_class in classes_in(templates) or keyword.iskeyword(of_class):
        raise NameRefused(
            f"{name}: its class would be {of_class}, and the generated code uses one of that name"
        )
    return names


@cache  # it reads the list of files of every library
def _libraries() -> frozenset[str]:
    """What the libraries that are installed are imported as."""
    return frozenset(packages_distributions())


def singular(name: str) -> str:
    """One of them, as far as English is regular: gift-cards are made of one gift-card each."""
    for ending, one in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if name.endswith(ending) and len(name) > len(ending) + 1:
            return name.removesuffix(ending) + one
    if name.endswith("s") and not name.endswith(("ss", "us", "is")) and len(name) > 3:
        return name.removesuffix("s")
    return name


def classes_in(templates: Path) -> frozenset[str]:
    """The names of classes that generated modules import or make, but for the service's own."""
    texts = (file.read_text("utf-8") for file in templates.rglob("*.py.jinja"))
    return frozenset(word for text in texts for word in _CLASS.findall(_PLACEHOLDER.sub("x", text)))


def modules_in(templates: Path) -> frozenset[str]:
    """The names of modules that generated services have, but for those with the service's own."""
    stems = {file.name.partition(".")[0] for file in templates.rglob("*.py.jinja")}
    return frozenset(it for it in stems if "{" not in it)


def owner_of(text: str) -> str:
    """A team's name as CODEOWNERS and tags can have it. Raises NameRefused."""
    if not _OWNER.fullmatch(text):
        raise NameRefused(
            f"OWNER={text[:80]}: a team has small letters, digits and single dashes between words"
        )
    return text


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))
