"""Runs `flask` commands in processes of their own, with a minimal environment."""

import os
import subprocess
import sys
from pathlib import Path

from foundation.clock import rfc3339
from tests.conftest import NOW, SECRET

PROJECT = Path(__file__).parents[1]
FLASK = (sys.executable, "-m", "flask", "--app", "app")


def environment(url: str, **more: str) -> dict[str, str]:
    """The environment of a command: the database, the tests' secret and NOW, and whatever `more` holds."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    ours = {"DATABASE_URL": url, "SECRET_KEY": SECRET, "DEV_NOW": rfc3339(NOW), "PYTHONUNBUFFERED": "1"}
    return kept | ours | more


def flask(env: dict[str, str], *arguments: object, typed: str = "") -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run(
        [*FLASK, *map(str, arguments)], env=env, cwd=PROJECT, input=typed, capture_output=True, text=True, timeout=120
    )
