"""Breaks one line at a time and runs stateful tests until one fails: `python -m tests.stateful.faults`.

`faults.toml` says what is broken and which promise has to notice; words after the command choose among them. Each fault
is planted in a copy of the project. The table says in which life it was noticed and where; the exit code is 1 when one
was not noticed in LIVES lives.
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
LIVES = 300
SEED = "1"
_UNWANTED = shutil.ignore_patterns(".*", "__pycache__", "var")
_LIVED = re.compile(r"^life +(\d+)$", re.M)
_FRAME = re.compile(r'File ".*/tests/stateful/\w+\.py", line \d+, in (\w+)')


@dataclass(frozen=True)
class Fault:
    """A line that is broken: `text` in `file` becomes `instead`. `breaks` says what that does, for people."""

    promise: str
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
    """In which life a fault was noticed, and the last step of the traceback that is ours; 0 for not at all."""

    life: int
    where: str


def faults() -> list[Fault]:
    """All that is broken on purpose, in the order of the file."""
    with Path(__file__).with_name("faults.toml").open("rb") as file:
        return [Fault(**fault) for fault in tomllib.load(file)["fault"]]


def live_with(fault: Fault, lives: int = LIVES) -> Noticed:
    """Plant a fault in a copy and live there until it is noticed."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT, folder, ignore=_UNWANTED, dirs_exist_ok=True)
        fault.plant(Path(folder))
        command = [sys.executable, "-m", "tests.stateful.run", str(lives), SEED]
        own = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": folder}
        done = subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, check=False)
    lived = _LIVED.search(done.stdout)
    if lived is None:
        raise RuntimeError(f"{fault.breaks}: nobody lived\n{done.stderr}")
    if done.returncode == 0:
        return Noticed(0, "nobody")
    return Noticed(int(lived[1]), _FRAME.findall(done.stderr)[-1])


def main(*words: str) -> int:
    """Try the faults whose promise or effect holds one of the words, two at once; print what came of them."""
    chosen = [f for f in faults() if not words or any(word in f"{f.promise} {f.breaks}" for word in words)]
    print("| promise | broken to see it | life | noticed by |\n| --- | --- | --- | --- |", flush=True)
    missed = 0
    with ThreadPoolExecutor(2) as pool:
        for fault, found in zip(chosen, pool.map(live_with, chosen), strict=True):
            missed += not found.life
            says = f"{fault.breaks} (`{Path(fault.file).name}`)"
            print(f"| {fault.promise} | {says} | {found.life or f'not in {LIVES}'} | `{found.where}` |", flush=True)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
