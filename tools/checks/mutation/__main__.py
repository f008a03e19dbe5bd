"""``make mutate``: change the code at each place, and fail if a test should have noticed."""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from tools.checks.mutation import survivors
from tools.checks.mutation.mutants import Mutant, mutants_of
from tools.checks.mutation.session import MutationSession

ROOT = Path(__file__).parents[3]
LAMBDAS = ROOT / "lambdas"
MEASURED = (
    "*/domain/**/*.py",
    "*/commands.py",
    "*/commands/**/*.py",
    "shared/**/*.py",
    "*_language/*.py",
)
GOAL = 0.9


def main() -> int:
    """0 if every survivor has its reason and nine of ten others are killed, else 1."""
    asked = _arguments()
    modules = _modules(asked.paths)
    every = [it for path in modules for it in mutants_of(path, str(path.relative_to(LAMBDAS)))]
    chosen = every
    if asked.sample and asked.sample < len(every):
        chosen = sorted(
            random.Random(asked.seed).sample(every, asked.sample),  # noqa: S311
            key=lambda it: (it.module, it.line),
        )
    print(f"{len(chosen)} of {len(every)} mutants in {len(modules)} modules")
    session = MutationSession(LAMBDAS, chosen)
    os.chdir(ROOT)
    options = ["-p", "no:cacheprovider", "-p", "no:xdist"]
    status = pytest.main([*options, *(asked.tests or _tests(modules))], plugins=[session])
    if status != pytest.ExitCode.OK:
        return 1
    complete = len(chosen) == len(every) and not asked.paths
    return _report(session, chosen, every, complete)


def _report(
    session: MutationSession, chosen: Sequence[Mutant], every: Sequence[Mutant], complete: bool
) -> int:
    known = survivors.known()
    measured = {mutant.module for mutant in every}
    here = {
        name: it for name, it in known.items() if name.partition(":")[0] in measured or complete
    }
    result = survivors.judge(session.verdicts, here, (mutant.name for mutant in every))
    _by_module(session, chosen)
    lines = {mutant.name: mutant.line for mutant in chosen}
    for name in result.unexplained:
        print(f"{session.verdicts[name]}, line {lines[name]}: {name}")
    for name in result.stale:
        print(f"killed or gone, take it from {survivors.FILE.name}: {name}")
    print(
        f"{result.killed} of {result.total} killed, {result.equivalent} equivalent: "
        f"{result.rate:.1%} in {session.seconds:.0f} s; "
        f"{len(result.unexplained)} survive without a reason"
    )
    failed = result.unexplained or result.stale or (complete and result.rate < GOAL)
    return 1 if failed else 0


def _by_module(session: MutationSession, chosen: Sequence[Mutant]) -> None:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for mutant in chosen:
        counts[mutant.module][0] += 1
        counts[mutant.module][1] += session.verdicts[mutant.name] == "killed"
    for module, (total, killed) in counts.items():
        print(f"{module:45} {killed:4} of {total:4}")


def _modules(paths: Sequence[str]) -> list[Path]:
    found = {path for pattern in MEASURED for path in LAMBDAS.glob(pattern)}
    if paths:
        wanted = [Path(path).resolve() for path in paths]
        found = {it for it in found if any(it.is_relative_to(path) for path in wanted)}
    if not found:
        sys.exit(f"nothing is measured under {', '.join(paths)}: only {', '.join(MEASURED)}")
    return sorted(found)


def _tests(modules: Sequence[Path]) -> list[str]:
    """The unit tests of these modules' services, and the contract tests that import them.

    For the kit and for published languages it is everybody's.
    """
    measured = {path.relative_to(LAMBDAS).parts[0] for path in modules}
    if any(name == "shared" or name.endswith("_language") for name in measured):
        measured = {path.name for path in LAMBDAS.iterdir() if path.is_dir()}
    folders = [ROOT / "tests" / "unit" / name for name in sorted(measured)]
    imports = re.compile(rf"^(from|import) ({'|'.join(measured)})\b", re.MULTILINE)
    contracts = [
        path
        for path in sorted((ROOT / "tests" / "contract").glob("test_*.py"))
        if imports.search(path.read_text())
    ]
    return [str(it) for it in (*folders, *contracts) if it.exists()]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutate", description=__doc__)
    parser.add_argument(
        "--paths",
        type=lambda text: text.split(":"),
        default=[],
        help="modules or folders in lambdas/, with a colon between them",
    )
    parser.add_argument("--tests", nargs="*", default=[], help="files of tests, instead of all")
    parser.add_argument("--sample", type=int, help="so many mutants only")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
