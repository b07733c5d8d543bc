"""Runs every check, also after one failed, and prints a table of the outcomes."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from foundation.clock import bangkok_date, system_clock
from immigration.registries.law import law

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = Path(sys.executable).parent


@dataclass(frozen=True)
class Check:
    """One check: its name and its command."""

    name: str
    command: str

    def run(self) -> int:
        """Run the command and return its exit code; its output goes to standard output."""
        program, *arguments = self.command.split()
        print(f"\n== {self.name}: {self.command}", flush=True)
        return subprocess.run([str(PROGRAMS / program), *arguments], cwd=ROOT, check=False).returncode


CHECKS = (
    Check("format", "ruff format --check"),
    Check("lint", "ruff check"),
    Check("types", "mypy"),
    Check("imports", "lint-imports --no-logo"),
    Check("Dockerfile", "hadolint Dockerfile"),
    Check("compose", "check-jsonschema --builtin-schema vendor.compose-spec compose.yaml"),
    Check("yaml", "yamllint --strict compose.yaml"),
    Check("web", "python -m tools.web check"),
    Check("tests", "pytest -n 2 --dist loadfile"),
    Check("drills", "python -m drills"),
    Check("docs", "flask --app app docs check"),
)


def main() -> int:
    """Run all checks; 0 if every one passed, 1 otherwise."""
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    outcomes = []
    for check in CHECKS:
        began = time.monotonic()
        code = check.run()
        outcomes.append((check.name, code, time.monotonic() - began))
    print("\ncheck         outcome     seconds")
    for name, code, seconds in outcomes:
        print(f"{name:<13} {'passed' if code == 0 else f'FAILED ({code})':<11} {seconds:7.1f}")
    if warning := law().calendar.warning(bangkok_date(system_clock())):
        print(f"\nWarning: {warning}")
    failed = [name for name, code, _ in outcomes if code]
    print(f"\nFailed: {', '.join(failed)}." if failed else "\nEvery check passed.", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
