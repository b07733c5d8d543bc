"""Commands find the ports that `make run` took, while it runs and no longer."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools import running

TAKEN = {"PORT": "8001", "FCM_ENDPOINT": "http://127.0.0.1:40001", "SMTP_URL": "smtp://127.0.0.1:40002"}
KEEPING = """
import sys
from pathlib import Path
from devtools import running
with running.keep_addresses(Path(sys.argv[1]), {"SMTP_URL": "smtp://127.0.0.1:40003"}):
    print("kept", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that keeps its addresses in the same place."""
    command = [sys.executable, "-c", KEEPING, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "kept\n"
        yield process
        process.kill()


def test_addresses_are_found_while_they_are_kept(tmp_path: Path) -> None:
    with running.keep_addresses(tmp_path, {**TAKEN, "SECRET_KEY": "not written", "DATABASE_URL": "nor this"}):
        assert running.addresses(tmp_path, {}) == TAKEN
        assert "not written" not in (tmp_path / "addresses.json").read_text("utf-8")
    assert running.addresses(tmp_path, {}) == {}


def test_the_environment_goes_before_them(tmp_path: Path) -> None:
    with running.keep_addresses(tmp_path, TAKEN):
        own = {"SMTP_URL": "smtp://mail.example:25", "PORT": ""}
        assert running.addresses(tmp_path, own) == {name: TAKEN[name] for name in ("PORT", "FCM_ENDPOINT")}
        assert running.addresses(tmp_path, {"DATABASE_URL": "postgresql://one@two/three"}) == {}


def test_those_of_a_process_that_was_killed_are_not_used(tmp_path: Path, other: "subprocess.Popen[str]") -> None:
    assert running.addresses(tmp_path, {}) == {"SMTP_URL": "smtp://127.0.0.1:40003"}
    other.kill()
    other.wait()
    assert (tmp_path / "addresses.json").exists()
    assert running.addresses(tmp_path, {}) == {}
    with running.keep_addresses(tmp_path, TAKEN):
        assert running.addresses(tmp_path, {}) == TAKEN


def test_a_second_one_leaves_those_of_the_first(tmp_path: Path, other: "subprocess.Popen[str]") -> None:
    assert other.poll() is None
    with running.keep_addresses(tmp_path, TAKEN):
        assert running.addresses(tmp_path, {}) == {"SMTP_URL": "smtp://127.0.0.1:40003"}
    assert running.addresses(tmp_path, {}) == {"SMTP_URL": "smtp://127.0.0.1:40003"}
