"""What can go wrong while packages are built, each with a message that says what to do.

BundlingError
├── UnknownService          no such folder in lambdas/
├── AssetMissing            a stack asks for a zip that nobody has built
├── ToolMissing             node, uv, pyodide or the emulator's interpreter is not installed
├── LockMissing             requirements.in without its requirements.txt
├── LibrariesNotInstallable uv refused: no wheel for the platform, a wrong hash, no network
├── NameTaken               a library brings a package called like one of ours that goes with it
├── PackingFailed           a source does not compile under the target's Python
├── AppNotBuilt             esbuild refused the console's app
└── PackageTooLarge         a zip above the limit
"""


class BundlingError(Exception):
    """The base of all errors here; its text is meant for the person who ran the build."""


class UnknownService(BundlingError):
    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"no service `{name}` in lambdas/: there are {', '.join(known) or 'none'}")


class AssetMissing(BundlingError):
    def __init__(self, service: str, target: str) -> None:
        super().__init__(
            f"the {target} package of `{service}` is not built: run `make build` "
            f"(or `python -m bundling --target {target} {service}`)"
        )


class ToolMissing(BundlingError):
    def __init__(self, tool: str) -> None:
        super().__init__(f"{tool} is missing: run `make setup`")


class LockMissing(BundlingError):
    def __init__(self, service: str) -> None:
        stem = f"lambdas/{service}/requirements"
        super().__init__(
            f"{stem}.in has no requirements.txt beside it: lock it with\n"
            f"uv pip compile --universal --generate-hashes --python-version 3.11 "
            f"-c requirements.txt {stem}.in -o {stem}.txt"
        )


class LibrariesNotInstallable(BundlingError):
    def __init__(self, service: str, platform: str, reason: str) -> None:
        super().__init__(f"the libraries of `{service}` do not install for {platform}:\n{reason}")


class NameTaken(BundlingError):
    def __init__(self, service: str, name: str) -> None:
        super().__init__(
            f"a library of `{service}` brings a package `{name}`, which is the name of our own"
        )


class PackingFailed(BundlingError):
    def __init__(self, target: str, reason: str) -> None:
        super().__init__(f"packing for {target} failed:\n{reason}")


class PackageTooLarge(BundlingError):
    def __init__(self, service: str, size: int, limit: int, largest: list[tuple[str, int]]) -> None:
        rows = "\n".join(f"{compressed:>12,}  {name}" for name, compressed in largest)
        super().__init__(
            f"the package of `{service}` has {size:,} bytes, {limit:,} are allowed; "
            f"its largest entries, compressed:\n{rows}"
        )


class AppNotBuilt(BundlingError):
    def __init__(self, reason: str) -> None:
        super().__init__(f"the console's web app was not built:\n{reason}")
