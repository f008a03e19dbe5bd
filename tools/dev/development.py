"""Brings what is up to the checkout's state after a save: packages, documents, stacks."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from bundling.build import build_packages
from bundling.errors import BundlingError
from bundling.sources import Package, read_packages
from bundling.workspace import Workspace as Built
from tools.base import outputs
from tools.base.assembly import Assembly, synthesized
from tools.base.errors import OfflineError, SynthesisError, WorkspaceBusyError
from tools.base.target import OFFLINE
from tools.base.workspace import CHECKOUT
from tools.dev.plan import Plan
from tools.dev.telling import Telling
from tools.dev.trials import Problem, Trials
from tools.dev.warm import WarmApp
from tools.emulator.deploy import deploy
from tools.emulator.emulator import Emulator
from tools.emulator.function_code import give_functions_their_code, handlers, package_of
from tools.local.bring_up import offline_copy

_READINGS = 20
_PAUSE_SECONDS = 0.05
_OTHER_COMMAND_SECONDS = 0.5


class Development:
    """What is known of the running system between two saves."""

    def __init__(self, emulator: Emulator, trials: Trials, app: WarmApp, telling: Telling) -> None:
        self._emulator = emulator
        self._app = app
        self._trials = trials
        self._tell = telling
        self._built = Built()
        self._done: dict[str, str] = {}
        """By package, the digest of the sources that are served, or that were said to be wrong."""
        self._problems: dict[str, Problem] = {}
        self._stacks_wait = False

    def begin(self) -> None:
        """Take what is deployed now for what the checkout is; what is not will be looked at."""
        packages = read_packages(self._built.sources, [])
        built = build_packages("local", packages, self._built)
        give_functions_their_code(self._emulator.cloud, built=self._built)
        self._done = {it.service: it.digest for it in packages}
        for package in built.built:  # it was saved while everything was brought up: try it
            self._done.pop(package.service)

    def follow(self, plan: Plan, since: float) -> None:
        """Do what changed files ask for; `since` is when the first one was seen."""
        with self._alone():
            if plan.templates or (self._stacks_wait and plan.code):
                self._templates(since)
            elif plan.code:
                self._code(since)
        for environment in sorted(plan.environments):
            self._documents(environment, since)

    def _code(self, since: float) -> None:
        changed = self._changed()
        if not changed:
            return
        with self._built_ahead(changed):
            good = self._good(changed, handlers(self._emulator.cloud).values())
        self._serve(good, since)

    @contextmanager
    def _built_ahead(self, packages: list[Package]) -> Iterator[None]:
        """Build what is being tried, since nearly always it is good.

        What cannot be built is built again when it is to be served, and then it is said why.
        """
        with ThreadPoolExecutor(1) as beside:
            building = beside.submit(build_packages, "local", packages, self._built)
            yield
            building.exception()

    def _changed(self) -> list[Package]:
        """Packages whose sources are neither served nor known to be wrong."""
        packages = self._read()
        names = {it.service for it in packages}
        for gone in self._done.keys() - names:
            del self._done[gone]
            self._problems.pop(gone, None)
            self._tell.wrong(
                f"lambdas/{gone} is gone: its functions go on as they are until `make down`"
            )
        return [it for it in packages if self._done.get(it.service) != it.digest]

    def _read(self) -> list[Package]:
        """The packages; a file that goes while they are read is no reason to stop."""
        for _ in range(_READINGS):
            try:
                return read_packages(self._built.sources, [])
            except FileNotFoundError:
                time.sleep(_PAUSE_SECONDS)
        return read_packages(self._built.sources, [])

    def _good(self, changed: Iterable[Package], wanted: Iterable[str]) -> list[Package]:
        """Those that can be served; of the others it is said what is wrong."""
        wanted = list(wanted)
        good = []
        for package in changed:
            own = [it for it in wanted if package_of(it) == package.service]
            try:
                problem = self._trials.problem_of(package, own)
            except BundlingError as error:  # such as a library that cannot be fetched just now
                problem = Problem("", 0, str(error))
            else:
                if problem is not None:
                    self._done_with([package])
            if problem is None:
                self._problems.pop(package.service, None)
                good.append(package)
            else:
                told = self._problems.get(package.service)
                self._problems[package.service] = problem
                if problem != told:
                    self._tell.wrong(f"{problem} ({package.service} goes on with its old code)")
        return good

    def _done_with(self, packages: Iterable[Package]) -> None:
        """These are done with until their sources change: they are served, or said to be wrong."""
        self._done |= {it.service: it.digest for it in packages}

    def _serve(self, packages: list[Package], since: float) -> None:
        if not packages:
            return
        try:
            build_packages("local", packages, self._built)
        except BundlingError as error:
            self._tell.wrong(f"not built, the old code is served: {error}")
            return
        names = [it.service for it in packages]
        given = give_functions_their_code(self._emulator.cloud, names, self._built)
        self._done_with(packages)
        for name in names:
            count = len(given.get(name, ()))
            what = f"serves the new code ({count} functions)" if count else "is served as it is"
            self._tell.done(f"{name} {what}", since)

    def _templates(self, since: float) -> None:
        self._stacks_wait = True
        good = self._good(self._changed(), ())
        if self._problems:
            where = ", ".join(sorted({it.file for it in self._problems.values()}))
            self._tell.wrong(f"the stacks wait until {where} can be imported")
            return
        try:
            with synthesized(environment=OFFLINE, run_app=self._app.run) as assembly:
                self._deploy(assembly, since)
        except SynthesisError as error:
            self._tell.wrong("the stacks stay as they are: " + str(error), _last_of(error.evidence))
        except OfflineError as error:
            self._tell.wrong(str(error), error.evidence)
        else:
            self._stacks_wait = False
            self._done_with(good)
        finally:
            self._app.prepare()

    def _deploy(self, assembly: Assembly, since: float) -> None:
        self._assert_handlers_exist(assembly)
        folder = self._emulator.workspace.offline_assembly
        before = _templates_of(Assembly(folder)) if folder.exists() else {}
        copy, _ = offline_copy(assembly, self._emulator)
        after = _templates_of(copy)
        cloud = self._emulator.cloud
        differ = {artifact for artifact, text in after.items() if before.get(artifact) != text}
        try:
            changes = deploy(copy, cloud, only=differ)
        except BaseException:
            # It is not known what is deployed of these: the next time counts them as changed.
            for stack in copy.stacks:
                if stack.artifact in differ:
                    stack.template_file.write_text("{}")
            raise
        for name, change in changes.items():
            if change != "unchanged":
                self._tell.done(f"{name} {change}", since)
        given = give_functions_their_code(cloud, built=self._built)
        for name in given:
            self._tell.done(f"{name} serves the new code", since)
        if changes:
            found = outputs.collect(copy, cloud, environment=OFFLINE)
            outputs.write(found, self._emulator.workspace.outputs)
        elif not given:
            self._tell.done("no stack differs", since)
        for artifact in sorted(before.keys() - after.keys()):
            self._tell.said(
                f"{artifact} is not a stack any more; it stays deployed until `make down`"
            )

    def _assert_handlers_exist(self, assembly: Assembly) -> None:
        files = {name for package in self._read() for name in package.files}
        for stack in assembly.stacks:
            for resource in stack.template["Resources"].values():
                handler = resource.get("Properties", {}).get("Handler", "")
                file = f"{str(handler).rpartition('.')[0].replace('.', '/')}.py"
                if package_of(str(handler)) and file not in files:
                    raise OfflineError(
                        f"{stack.name} has a function of lambdas/{file}, which does not exist: "
                        "nothing is deployed"
                    )

    def _documents(self, environment: str, since: float) -> None:
        """In a process of its own: what documents mean is said by code that may have changed."""
        offline = environment == OFFLINE
        root = str(self._emulator.workspace.root)
        what = (
            ["apply", "--workspace", root] if offline else ["check", "--environment", environment]
        )
        answer = subprocess.run(
            [sys.executable, "-m", "tools.configuration", *what],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode:
            self._tell.wrong(
                f"config/{environment} is not right, what was in force stays",
                answer.stderr.splitlines(),
            )
        elif offline:
            same = "what is deployed is what git has" in answer.stdout
            self._tell.done(
                f"config/{environment} " + ("is in force as it is" if same else "is in force"),
                since,
            )
        else:
            self._tell.done(f"config/{environment} is right", since)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No `make up` or `make down` meanwhile; one that is at work is waited for."""
        with ExitStack() as held:
            told = False
            while True:
                try:
                    held.enter_context(self._emulator.workspace.reserved())
                    break
                except WorkspaceBusyError as busy:
                    if not told:
                        self._tell.said(str(busy))
                    told = True
                    time.sleep(_OTHER_COMMAND_SECONDS)
            yield


def _templates_of(assembly: Assembly) -> dict[str, str]:
    return {it.artifact: it.template_file.read_text() for it in assembly.stacks}


def _last_of(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Where in the checkout an error was raised, and which."""
    here = [it.strip() for it in lines if f'File "{CHECKOUT}/' in it and "/.venv/" not in it]
    return (*here[-1:], *lines[-1:])
