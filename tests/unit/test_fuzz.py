"""The fuzzing targets run briefly, and the fuzzer finds a planted fault."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.fuzz.__main__ import ROOT, TARGETS

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris has no build for this Python or system"
)
RUNS = 1_500
PLANTED = """
LONGEST = 8


def seeds():
    return (b"....",)


def check(data):
    if data[:1] == b"T":
        if data[1:2] == b"M":
            raise AssertionError("planted")
"""


def fuzz(*names: str, runs: int, path: str = ""):
    """Run the fuzzer in a process of its own."""
    environment = os.environ | {"FUZZ_RUNS": str(runs), "FUZZ_SEED": "47", "PYTHONPATH": path}
    environment.pop("FUZZ_KEEP", None)
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *names],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=240,
        check=False,
    )


def test_a_short_run_of_every_target_finds_nothing():
    done = fuzz(runs=RUNS)
    assert done.returncode == 0, done.stderr[-4000:] + done.stdout
    rows = [line.split() for line in done.stdout.splitlines()[1:]]
    assert [row[0] for row in rows] == list(TARGETS)
    for name, _, seeded, reached, *_ in rows:
        assert 0 < int(seeded) <= int(reached), f"{name} measures nothing"
    runs = [int(number) for number in re.findall(r"^Done (\d+) runs", done.stderr, re.M)]
    assert len(runs) == len(TARGETS)
    assert min(runs) >= RUNS


def test_a_planted_fault_is_found_by_coverage_and_kept(tmp_path):
    (tmp_path / "planted.py").write_text(PLANTED)
    try:
        done = fuzz("planted", runs=200_000, path=str(tmp_path))
        (finding,) = (ROOT / "var" / "fuzz" / "planted").iterdir()
        assert finding.read_bytes().startswith(b"TM")
    finally:
        shutil.rmtree(ROOT / "var" / "fuzz" / "planted", ignore_errors=True)
    assert done.returncode == 1
    assert str(finding) in done.stdout
    assert "AssertionError: planted" in done.stderr + done.stdout
