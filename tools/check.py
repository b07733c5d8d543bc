"""Runs every check, also after one failed, and prints a table of the outcomes and how each that failed ended."""

import os
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from foundation.clock import bangkok_date, system_clock
from immigration.registries.law import law

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = Path(sys.executable).parent
SHOWN_AGAIN = 40  # lines of a check that failed, below the table: the summaries of pytest and of the drills fit in it


@dataclass(frozen=True)
class Outcome:
    """How a check ended: its exit code, how long it took, in seconds, and the last lines that it printed."""

    name: str
    code: int
    seconds: float
    ending: str


@dataclass(frozen=True)
class Check:
    """One check: its name and its command."""

    name: str
    command: str

    def run(self) -> Outcome:
        """Run the command; its output goes to standard output while it runs."""
        program, *arguments = self.command.split()
        print(f"\n== {self.name}: {self.command}", flush=True)
        began, ending = time.monotonic(), deque[str](maxlen=SHOWN_AGAIN)
        with subprocess.Popen(
            [str(PROGRAMS / program), *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                print(line, end="", flush=True)
                ending.append(line)
        return Outcome(self.name, process.returncode, time.monotonic() - began, "".join(ending))


CHECKS = (
    Check("format", "ruff format --check"),
    Check("lint", "ruff check"),
    Check("types", "mypy"),
    Check("imports", "lint-imports --no-logo"),
    Check("Dockerfile", "hadolint Dockerfile"),
    Check("compose", "check-jsonschema --builtin-schema vendor.compose-spec compose.yaml"),
    Check("yaml", "yamllint --strict compose.yaml"),
    Check("web", "python -m tools.web check"),
    Check("tests", "pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=10"),
    Check("drills", "python -m drills"),
    Check("docs", "flask --app app docs check"),
)


def main() -> int:
    """Run all checks; 0 if every one passed, 1 otherwise."""
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    outcomes = [check.run() for check in CHECKS]
    print("\ncheck         outcome     seconds")
    for each in outcomes:
        print(f"{each.name:<13} {'passed' if each.code == 0 else f'FAILED ({each.code})':<11} {each.seconds:7.1f}")
    if warning := law().calendar.warning(bangkok_date(system_clock())):
        print(f"\nWarning: {warning}")
    failed = [each for each in outcomes if each.code]
    for each in failed:
        print(f"\n== how {each.name} ended:\n{each.ending}", end="")
    print(f"\nFailed: {', '.join(each.name for each in failed)}." if failed else "\nEvery check passed.", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
