"""`make k8s-check` and `make k8s-judge`, in the environment that has CEL and the schemas."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tools.base.errors import in_words
from tools.kubernetes import environment, lock
from tools.kubernetes.judge.cases import judge_lines, write_atomically
from tools.kubernetes.judge.definitions import Definitions, DefinitionsUnclear
from tools.kubernetes.whole.check import check, folders
from tools.kubernetes.whole.objects import NotRendered, rendered_text


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if all cases were judged, 1 if a line was none, 2 if nothing could be judged."""
    given = _parser().parse_args(arguments)
    try:
        if given.command == "render":
            return _render(given.root)
        served = _definitions(given)
        if given.command == "check":
            return _check(given.root, given.stage, served)
        return _judge(given.cases, given.verdicts, served)
    except (lock.DefinitionsMissing, DefinitionsUnclear, NotRendered, OSError) as error:
        print(f"kubernetes: {in_words(error)}", file=sys.stderr)
        return 2


def _judge(cases: Path, verdicts: Path, served: Definitions) -> int:
    with cases.open("rb") as lines:
        errors = write_atomically(verdicts, judge_lines(lines, served))
    if errors:
        print(
            f"kubernetes: {errors} lines of {cases} could not be judged; {verdicts} says why, "
            "under verdict error",
            file=sys.stderr,
        )
    return 1 if errors else 0


def _render(root: Path) -> int:
    """What a reviewer reads: each folder's output, in a file of its own."""
    (root / "rendered").mkdir(exist_ok=True)
    for folder in folders(root):
        file = root / "rendered" / f"{folder.parent.name}-{folder.name}.yaml"
        file.write_text(rendered_text(folder, environment.KUBECTL), "utf-8")
    return 0


def _check(root: Path, stage: str | None, served: Definitions) -> int:
    started = time.monotonic()
    report = check(root.resolve(), environment.KUBECTL, served)
    for each in report.faults:
        print(each.shown(root.resolve().parent))
    for name, found in report.blocking.items():
        print(f"{name} is blocked: {len({it.message for it in found})} images are not resolved")
        for message in sorted({it.message for it in found}) if name == stage else ():
            print(f"  {message}")
    spent = time.monotonic() - started
    faults = f"{len(report.faults)} faults" if report.faults else "no fault"
    print(f"k8s-check: {report.judged} objects judged in {spent:.1f} s, {faults}")
    return 1 if report.faults or stage in report.blocking else 0


def _definitions(given: argparse.Namespace) -> Definitions:
    if given.crds is not None:
        return lock.from_folder(given.crds, given.lock)
    return lock.downloaded(given.lock, given.cache)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kubernetes")
    commands = parser.add_subparsers(dest="command", required=True)
    judge = commands.add_parser("judge", help="judge cases, one JSON object a line")
    judge.add_argument("--in", dest="cases", type=Path, required=True)
    judge.add_argument("--out", dest="verdicts", type=Path, required=True)
    checked = commands.add_parser("check", help="judge all of k8s/, stage by stage")
    rendered = commands.add_parser("render", help="write what kustomize makes, for reviewers")
    for each in (checked, rendered):
        each.add_argument("--root", type=Path, default=lock.CHECKOUT / "k8s")
    checked.add_argument(
        "--stage", choices=("dev", "staging", "prod"), help="fail if it is blocked"
    )
    for each in (judge, checked):
        each.add_argument("--crds", type=Path, help="a folder with definitions")
        each.add_argument("--lock", type=Path, default=lock.LOCK)
        each.add_argument("--cache", type=Path, default=lock.CACHE)
    return parser


if __name__ == "__main__":
    sys.exit(main())
