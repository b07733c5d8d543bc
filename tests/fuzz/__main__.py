"""Runs every fuzzing target, each in a process of its own, and prints a table: `python -m tests.fuzz [TARGET ...]`.

FUZZ_RUNS (50,000) is how many inputs each target gets, FUZZ_SEED (47) what they are made from, FUZZ_KEEP a folder that
keeps the inputs that reached new code, for the next time. A finding is left in `var/fuzz/`; the exit code is 1 then.

A target is a module with LONGEST, `seeds` to begin with, and a `check` that takes bytes. It says which errors the code
under test may raise, and what must hold of everything that is accepted.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devtools.postgres import temporary_server

ROOT = Path(__file__).resolve().parents[2]
TARGETS = ("mrz", "names", "csv_rows", "json_bodies", "typed_numbers", "birth_dates", "statements", "access_tokens")
WITH_DATABASE = {"statements", "access_tokens"}
SLOWEST = 10
"""Seconds that one input may take."""
_STATUS = re.compile(r"^#\d+\s+(?:INITED|DONE)\s+cov: (\d+) ft: \d+ corp: (\d+)", re.M)


@dataclass(frozen=True)
class Outcome:
    """The outcome of a target: seconds, coverage points reached by the seeds and in the end, and findings."""

    name: str
    seconds: float
    seeded: str
    reached: str
    kept: str
    findings: list[Path]
    failed: bool

    def __str__(self) -> str:
        findings = ", ".join(str(path) for path in self.findings) or ("FAILED" if self.failed else "none")
        return f"{self.name:<14} {self.seconds:>8.1f} {self.seeded:>7} {self.reached:>7} {self.kept:>6}  {findings}"


def fuzz(name: str, runs: int, seed: int, corpus: Path) -> Outcome:
    """Run a target from its seeds and what `corpus` holds already."""
    module = f"tests.fuzz.{name}" if name in TARGETS else name
    artifacts = ROOT / "var" / "fuzz" / name
    artifacts.mkdir(parents=True, exist_ok=True)
    before = set(artifacts.iterdir())
    limits = [f"-timeout={SLOWEST}", "-rss_limit_mb=1024", "-print_final_stats=1"]
    flags = [str(corpus), f"-runs={runs}", f"-seed={seed}", f"-artifact_prefix={artifacts}/", *limits]
    began = time.monotonic()
    code, output = run(module, *flags)
    seconds = time.monotonic() - began
    points = _STATUS.findall(output) or [("?", "?")]
    seeded, (reached, kept) = points[0][0], points[-1]
    findings = sorted(set(artifacts.iterdir()) - before)
    return Outcome(name, seconds, seeded, reached, kept, findings, code != 0)


def run(*arguments: str) -> tuple[int, str]:
    """Run libFuzzer; its exit code and its output, which also goes to standard error line by line."""
    command = [sys.executable, "-m", "tests.fuzz.run", *arguments]
    lines = []
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, errors="replace") as process:
        assert process.stderr
        for line in process.stderr:
            lines.append(line)
            sys.stderr.write(line)
            sys.stderr.flush()
    return process.returncode, "".join(lines)


@contextmanager
def database(names: list[str]) -> Iterator[None]:
    """An empty PostgreSQL at FUZZ_DATABASE_URL, if one of the targets needs it."""
    if not WITH_DATABASE & set(names):
        yield
        return
    with temporary_server() as server:
        os.environ["FUZZ_DATABASE_URL"] = server.ensure_database("fuzz")
        yield


def main(*names: str) -> int:
    """Run the targets one after another; 1 if one of them found something."""
    runs, seed = int(os.environ.get("FUZZ_RUNS", "50000")), int(os.environ.get("FUZZ_SEED", "47"))
    keep = os.environ.get("FUZZ_KEEP")
    outcomes = []
    with tempfile.TemporaryDirectory() as scratch, database(list(names)):
        for name in names:
            corpus = Path(keep or scratch) / name
            corpus.mkdir(parents=True, exist_ok=True)
            outcomes.append(fuzz(name, runs, seed, corpus))
            print(f"{name}: {runs} runs in {outcomes[-1].seconds:.1f} s", file=sys.stderr, flush=True)
    print(f"{'target':<14} {'seconds':>8} {'seeded':>7} {'reached':>7} {'corpus':>6}  findings ({runs:,} runs each)")
    print("\n".join(str(outcome) for outcome in outcomes), flush=True)
    return int(any(outcome.failed for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or TARGETS)))
