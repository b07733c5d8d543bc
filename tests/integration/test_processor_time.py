"""The benchmark of processor time, with few people: it measures two checkouts in turn and refuses what it cannot."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
OPERATIONS = ["POST /reports", "GET /me/stay", "GET /reports", "GET /reports/{number}/receipt", "GET /review/reports"]
SMALL = {"BENCH_PEOPLE": "80", "BENCH_ROUNDS": "2", "BENCH_REQUESTS": "3"}


def benchmark(*arguments, **sizes):
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.processor_time", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | SMALL | sizes,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def table(output):
    """The cells of the printed table's rows, without head and rule."""
    lines = [line for line in output.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_two_checkouts_stand_in_one_table_as_a_ratio():
    done = benchmark("--tree", ROOT)
    assert done.returncode == 0, done.stderr
    rows = table(done.stdout)
    assert [row[0] for row in rows] == OPERATIONS
    for _, here, there, ratio, bar in rows:
        assert float(here.replace(",", "")) > 0
        assert float(there.replace(",", "")) > 0
        assert float(ratio) > 0
        assert bar == "1.05"


def test_more_filings_than_people_are_refused():
    done = benchmark(BENCH_REQUESTS="7")
    assert done.returncode != 0
    assert "BENCH_PEOPLE is 80: 81 people file" in done.stderr


def test_a_folder_that_is_no_checkout_ends_with_an_error(tmp_path):
    done = benchmark("--tree", tmp_path)
    assert done.returncode != 0
    assert f"the measurement in {tmp_path} failed" in done.stderr
