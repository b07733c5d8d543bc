"""Breaks one line at a time and runs stateful tests until one fails: `python -m tests.stateful.faults`.

`faults.toml` lists the faults and the invariant that has to fail for each; arguments select the faults that hold one of
these words. Each fault is planted in a copy of the project. The printed table has the number of the history that failed
and the function it failed in. The exit code is 1 if a fault was not noticed within HISTORIES histories.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HISTORIES = 300
SEED = "1"
_UNWANTED = shutil.ignore_patterns(".*", "__pycache__", "var")
_HISTORIES_RUN = re.compile(r"^history +(\d+)$", re.M)
_FRAME = re.compile(r'File ".*/tests/stateful/\w+\.py", line \d+, in (\w+)')


@dataclass(frozen=True)
class Fault:
    """A line that is broken: `text` in `file` becomes `instead`. `breaks` says in words what that does."""

    invariant: str
    breaks: str
    file: str
    text: str
    instead: str

    def plant(self, copy: Path) -> None:
        """Break it in a copy of the project. Raises ValueError where the text is not there exactly once."""
        path = copy / self.file
        whole = path.read_text("utf-8")
        if whole.count(self.text) != 1:
            raise ValueError(f"{self.file} has {whole.count(self.text)} of: {self.text}")
        path.write_text(whole.replace(self.text, self.instead), "utf-8")


@dataclass(frozen=True)
class Noticed:
    """The number of the history that failed, 0 for none, and the innermost function of ours in its traceback."""

    history: int
    function: str


def faults() -> list[Fault]:
    """The faults, in the order of the file."""
    with Path(__file__).with_name("faults.toml").open("rb") as file:
        return [Fault(**fault) for fault in tomllib.load(file)["fault"]]


def run_with(fault: Fault, histories: int = HISTORIES) -> Noticed:
    """Plant a fault in a copy of the project and run histories there until one fails."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT, folder, ignore=_UNWANTED, dirs_exist_ok=True)
        fault.plant(Path(folder))
        command = [sys.executable, "-m", "tests.stateful.run", str(histories), SEED]
        own = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": folder}
        done = subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, check=False)
    run = _HISTORIES_RUN.search(done.stdout)
    if run is None:
        raise RuntimeError(f"{fault.breaks}: no history ran\n{done.stderr}")
    if done.returncode == 0:
        return Noticed(0, "not noticed")
    return Noticed(int(run[1]), _FRAME.findall(done.stderr)[-1])


def main(*words: str) -> int:
    """Try the faults whose invariant or effect holds one of the words, two at once, and print the table."""
    chosen = [f for f in faults() if not words or any(word in f"{f.invariant} {f.breaks}" for word in words)]
    print("| invariant | fault | history | noticed by |\n| --- | --- | --- | --- |", flush=True)
    missed = 0
    with ThreadPoolExecutor(2) as pool:
        for fault, noticed in zip(chosen, pool.map(run_with, chosen), strict=True):
            missed += not noticed.history
            effect = f"{fault.breaks} (`{Path(fault.file).name}`)"
            number = noticed.history or f"not in {HISTORIES}"
            print(f"| {fault.invariant} | {effect} | {number} | `{noticed.function}` |", flush=True)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
