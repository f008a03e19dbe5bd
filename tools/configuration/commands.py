"""The commands of `python -m tools.configuration`, each one function."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from tools.base.target import ENVIRONMENTS, Target
from tools.configuration import checks, deployed, rollout, services, validation
from tools.configuration.changes import Change, changes
from tools.configuration.deployed import Place
from tools.configuration.documents import Document, digest
from tools.configuration.errors import ConfigurationError, NotCompleted, NotInGit, NotValid
from tools.configuration.flags import CONTENT_TYPE
from tools.configuration.problems import printable
from tools.configuration.provenance import UNCOMMITTED, Provenance, commit_if_known, commit_of
from tools.configuration.rollout import Say, Version
from tools.configuration.services import CONFIG, Configured

_AT_ONCE = 8


def check(
    console: Console,
    *,
    environments: Sequence[str] = ENVIRONMENTS,
    chosen: Sequence[Configured] | None = None,
    config: Path = CONFIG,
    uncommitted: bool = True,
) -> None:
    """Judge the documents without looking at what is deployed.

    Args:
        uncommitted: whether a document may be one that is in no commit.

    Raises:
        NotValid: with all that is wrong.
        NotInGit: naming the first that is in no commit.
        HistoryUnknown: git cannot tell.
        UnknownName: there is no such environment.
    """
    for environment in environments:
        found = _checked(environment, chosen or services.chosen(None), config)
        if not uncommitted:
            _refuse_uncommitted(found)
        console.print(f"{environment:<8} {', '.join(it.service for it in found)}: right")


def plan(
    target: Target,
    console: Console,
    *,
    chosen: Sequence[Configured] | None = None,
    config: Path = CONFIG,
) -> bool:
    """Print what `apply` would change; whether that is nothing.

    Raises:
        ConfigurationError: a document is not right, or a service not deployed.
    """
    found = _compared(target, console, chosen, config)
    for change in found:
        _print_change(change, console)
    if not found:
        console.print(f"{target.environment}: what is deployed is what git has")
    return not found


def apply(
    target: Target,
    console: Console,
    *,
    chosen: Sequence[Configured] | None = None,
    config: Path = CONFIG,
    strategy: str = "",
    wait_seconds: float = 0.0,
    uncommitted: bool = True,
) -> int:
    """Deploy what differs: services side by side, each one's profiles in sequence.

    Args:
        strategy: such as ``watched``; empty is the environment's own choice, and at once for a
            profile's first version.
        wait_seconds: how long to wait for a deployment that is under way already; 0 refuses.
        uncommitted: whether a document may be one that is in no commit.

    Returns:
        How many profiles were deployed.

    Raises:
        NotValid: a document, or one of the validators, says no: nothing was deployed.
        ConfigurationError: the message says which service was not deployed to its end, and why.
    """
    checked = _checked(target.environment, _chosen(target, console, chosen), config)
    places = _places(target, checked, strategy)
    for at in places:
        say = _printer_for(console, at.service)
        rollout.settle(target.client("appconfig"), at, say, wait_seconds=wait_seconds)
    found = _changes(target, checked, places)
    if not found:
        console.print(f"{target.environment}: what is deployed is what git has", style="dim")
        return 0
    if not uncommitted:
        _refuse_uncommitted(change.document for change in found)
    versions = _keep_versions(target, found)
    by_service: dict[str, list[tuple[Change, Version]]] = {}
    for change, version in zip(found, versions, strict=True):
        _print_change(change, console)
        by_service.setdefault(change.at.service, []).append((change, version))

    def deploy_all(one_after_the_other: list[tuple[Change, Version]]) -> str | None:
        """What went wrong. After a rollback the service's other profile is left as it is."""
        for change, version in one_after_the_other:
            say = _printer_for(console, _heading(change))
            try:
                rollout.deploy(target, change.at, version, say, wait_seconds=wait_seconds)
            except ConfigurationError as error:
                return str(error)
            except (BotoCoreError, ClientError) as error:
                return f"{_heading(change)}: {error}"
        return None

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        failures = [it for it in pool.map(deploy_all, by_service.values()) if it]
    if failures:
        raise NotCompleted("\n".join(failures))
    return len(found)


def drift(
    target: Target,
    console: Console,
    *,
    chosen: Sequence[Configured] | None = None,
    config: Path = CONFIG,
) -> bool:
    """Print what is deployed and does not come from git; whether that is nothing.

    What git has and nobody deployed yet is no drift: it is said, and `plan` shows it.

    Raises:
        ConfigurationError: a document is not right, or a service not deployed.
    """
    found = _compared(target, console, chosen, config)
    for change in found:
        if change.is_by_hand:
            _print_by_hand(change, console)
        else:
            console.print(f"{_heading(change)}: not deployed yet, see config-plan", style="dim")
    by_hand = [it for it in found if it.is_by_hand]
    if not by_hand:
        console.print(f"{target.environment}: nothing was changed by hand")
    return not by_hand


def _checked(environment: str, chosen: Sequence[Configured], config: Path) -> list[Document]:
    found = services.documents_of(environment, chosen, config)
    checks.check(zip(found, chosen, strict=True))
    return found


def _places(target: Target, found: Iterable[Document], strategy: str = "") -> list[Place]:
    return [deployed.place(target, it.service, it.profiles, strategy) for it in found]


def _changes(target: Target, found: Sequence[Document], places: Sequence[Place]) -> list[Change]:
    return [
        change
        for document, at in zip(found, places, strict=True)
        for change in changes(target, document, at)
    ]


def _chosen(
    target: Target, console: Console, chosen: Sequence[Configured] | None
) -> Sequence[Configured]:
    """Those that were named; else all, without optional ones that are not deployed here."""
    if chosen:
        return chosen
    known = services.chosen(None)
    absent = [it for it in known if it.is_optional and not deployed.is_there(target, it.name)]
    for service in absent:
        console.print(f"{service.name}: not deployed here, and left out", style="dim")
    return [it for it in known if it not in absent]


def _compared(
    target: Target, console: Console, chosen: Sequence[Configured] | None, config: Path
) -> list[Change]:
    """Every document is judged, and every service found, before the first is compared."""
    found = _checked(target.environment, _chosen(target, console, chosen), config)
    return _changes(target, found, _places(target, found))


def _refuse_uncommitted(found: Iterable[Document]) -> None:
    for document in found:
        if commit_of(document.path) == UNCOMMITTED:
            raise NotInGit(
                f"{document.file} is not as a commit has it: what goes to an account is merged "
                "first"
            )


def _keep_versions(target: Target, found: Sequence[Change]) -> list[Version]:
    """A version of each that every validator agrees with; if one does not, none is left."""
    kept: list[tuple[Change, Version]] = []

    def keep(change: Change) -> Version | NotValid:
        profile = change.at.profiles[change.profile]
        content = profile.to_appconfig(change.value)
        provenance = Provenance(commit_if_known(change.document.path), digest(change.value))
        answer = target.client("appconfig").create_hosted_configuration_version(
            ApplicationId=change.at.application_id,
            ConfigurationProfileId=profile.id,
            Content=content,
            ContentType=CONTENT_TYPE,
            Description=str(provenance),
        )
        answer["Content"].close()  # it sends back what it was given
        version = Version(
            change.profile,
            answer["VersionNumber"],
            str(provenance),
            is_first=change.served is None,
        )
        kept.append((change, version))
        try:
            validation.validate(target, change.at, profile, version.number, content)
        except NotValid as refused:
            return refused
        return version

    try:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            versions = list(pool.map(keep, found))
        if refusals := [it for it in versions if isinstance(it, NotValid)]:
            raise NotValid(problem for it in refusals for problem in it.problems)
    except BaseException:
        for change, version in kept:
            target.client("appconfig").delete_hosted_configuration_version(
                ApplicationId=change.at.application_id,
                ConfigurationProfileId=change.at.profiles[change.profile].id,
                VersionNumber=version.number,
            )
        raise
    return [it for it in versions if isinstance(it, Version)]


def _printer_for(console: Console, who: str) -> Say:
    return lambda what: console.print(f"{who}: {what}", style="dim")


def _heading(change: Change) -> str:
    return f"{change.at.service} {change.profile}"


def _print_change(change: Change, console: Console) -> None:
    served = change.served
    is_under_way = served is not None and served.deployment.is_under_way
    state = f", while {served.deployment} is under way" if served and is_under_way else ""
    console.print(f"{_heading(change)}{state}", style="bold")
    for it in change.differences:
        console.print(f"  {printable(it.pointer)}: {it.in_place} -> {it.in_git}")


def _print_by_hand(change: Change, console: Console) -> None:
    served = change.served
    assert served is not None
    console.print(
        f"{_heading(change)}: changed by hand, version {served.deployment.version}, "
        f"deployed {served.deployment.started_at}, described as {served.description!r}",
        style="bold red",
    )
    for it in change.differences:
        console.print(f"  {printable(it.pointer)}: git has {it.in_git}, deployed is {it.in_place}")
