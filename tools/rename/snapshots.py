"""The templates' snapshots under another name, as a synthesis would give them, in a second.

Most of it is text. But logical ids end in digests of paths that hold the name, and names of roles
that are too long end in a digest of all of it. Each of them must be explained by the snapshots
themselves, so that nothing is guessed: else only a synthesis can tell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stacks.services import shortened
from tools.rename.ids import Ids, Unexplained
from tools.rename.texts import replaced

FOLDER = "tests/infra/__snapshots__/test_snapshots/"
DEV = "dev"
"""The environment whose templates are there in full."""
_FILE = re.compile(re.escape(FOLDER) + r"test_(template|difference_to_dev)\[(.+)\]\.json")
_CUT_OFF = re.compile(r"-[0-9a-f]{6}$")

Template = dict[str, Any]
Difference = dict[str, dict[str, Any]]
"""By service and by path in its template, what dev has there and what another environment has."""


def renamed_snapshots(texts: Mapping[str, str], old: str, new: str) -> dict[str, str]:
    """The new text of each snapshot among these texts, by its path.

    Raises:
        Unexplained: only a synthesis can tell.
    """
    if re.search(r"[0-9]{8}", old + new):
        raise Unexplained("the digits of the name would be taken for a digest")
    files = {path: found for path in texts if (found := _FILE.fullmatch(path))}
    loaded = {path: json.loads(texts[path]) for path in files}
    templates = {files[path][2]: it for path, it in loaded.items() if files[path][1] == "template"}
    differences = {
        files[path][2]: it for path, it in loaded.items() if files[path][1] != "template"
    }
    roles = _roles(templates.values(), old)
    for environment, difference in differences.items():
        _spell_out(difference, environment, roles, old)
    roles = _roles([*templates.values(), *differences.values()], old)
    if cut_off := [it for it in roles if _CUT_OFF.search(it)]:
        raise Unexplained(f"nothing shows the whole name of the role {cut_off[0]}")

    ids = Ids(_paths(templates.values()), old, new)
    roles = [replaced(it, old, new) for it in roles]
    templates = {service: _renamed(it, ids) for service, it in templates.items()}
    differences = {environment: _renamed(it, ids) for environment, it in differences.items()}
    for environment, difference in differences.items():
        _cut_off(difference, environment, templates, roles, new)
    here = {it: shortened(it) for it in roles}
    templates = {service: _with_roles(it, here) for service, it in templates.items()}
    after = {"template": templates, "difference_to_dev": differences}
    return {path: _written(after[found[1]][found[2]]) for path, found in files.items()}


def _written(snapshot: Any) -> str:
    """As syrupy writes it."""
    return json.dumps(snapshot, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _renamed(snapshot: Any, ids: Ids) -> Any:
    return json.loads(ids.renamed(json.dumps(snapshot, ensure_ascii=False)))


def _paths(templates: Iterable[Template]) -> Iterator[tuple[str, ...]]:
    for template in templates:
        for resource in template.get("Resources", {}).values():
            if path := resource.get("Metadata", {}).get("aws:cdk:path"):
                yield tuple(path.split("/"))


def _roles(snapshots: Iterable[Any], product: str) -> list[str]:
    """The names of all roles, as dev calls them; a pattern of several is none."""
    name = re.compile(rf"(?<![\w-]){product}-{DEV}-[a-z]+(?:-[a-z]+)+-\d-[\w-]+(?![\w*-])")
    return sorted({it for snapshot in snapshots for it in name.findall(json.dumps(snapshot))})


def _elsewhere(role: str, environment: str, product: str) -> str:
    """What another environment calls a role of dev, written as the difference to dev has it."""
    here, there = f"{product}-{DEV}-", f"{product}-{environment}-"
    return shortened(role.replace(here, there, 1)).replace(there, here, 1)


def _spell_out(
    difference: Difference, environment: str, roles: Iterable[str], product: str
) -> None:
    """Write names of roles that are cut off in full, and leave out what then is no difference."""
    whole = {_elsewhere(it, environment, product): it for it in roles}
    for paths in difference.values():
        for path, values in list(paths.items()):
            values[environment] = _with_roles(values[environment], whole)
            if values[environment] == values[DEV]:
                del paths[path]


def _cut_off(
    difference: Difference,
    environment: str,
    templates: Mapping[str, Template],
    roles: Iterable[str],
    product: str,
) -> None:
    """The other way round: cut off what is too long there, which can make a difference."""
    here = {it: shortened(it) for it in roles}
    there = {it: _elsewhere(it, environment, product) for it in roles}
    differ = [it for it in roles if here[it] != there[it]]
    for service, paths in difference.items():
        for values in paths.values():
            values[DEV] = _with_roles(values[DEV], here)
            values[environment] = _with_roles(values[environment], there)
        for path, text in _texts_in(templates.get(service, {})):
            if any(it in text for it in differ) and not _is_within(path, paths):
                mine, others = _with_roles(text, here), _with_roles(text, there)
                paths[path] = {DEV: mine, environment: others}


def _with_roles(value: Any, names: Mapping[str, str]) -> Any:
    """The value with other names of roles, each as a whole."""
    if not (changed := {it: name for it, name in names.items() if it != name}):
        return value
    pattern = rf"(?<![\w-])({'|'.join(map(re.escape, changed))})(?![\w*-])"
    text = json.dumps(value, ensure_ascii=False)
    return json.loads(re.sub(pattern, lambda it: changed[it[0]], text))


def _texts_in(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each text of a template, with its path as the snapshots' test writes it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key in value.keys() - {"Metadata"}:
            yield from _texts_in(value[key], f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for number, it in enumerate(value):
            yield from _texts_in(it, f"{path}[{number}]")


def _is_within(path: str, paths: Iterable[str]) -> bool:
    return any(path == it or path.startswith((f"{it}.", f"{it}[")) for it in paths)
