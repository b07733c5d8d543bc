"""What the image copies is a whole service: it is put together in a folder, and started as in production."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.commands import PROJECT

START = """
import app
from foundation.config import Settings
from foundation.db import Database
settings = Settings(environment="production", secret_keys=("x" * 32,), public_url="https://reports.example")
made = app.create_app(settings, database=Database("postgresql://nobody@/none"))
print(len(made.blueprints), sorted(made.cli.commands))
"""


@pytest.mark.parametrize("more", ["", "devtools/standins"])
def test_the_service_starts_from_what_the_image_copies(tmp_path, more):
    last = (PROJECT / "Dockerfile").read_text("utf-8").rpartition("\nFROM ")[2]
    copied = re.findall(r"^COPY ([\w./]+) \S+$", last, re.MULTILINE)
    assert {"app.py", "foundation", "immigration", "notifications", "operations", "migrations", "words"} <= {*copied}
    assert not [name for name in copied if name.startswith(("devtools", "tests", "drills"))]
    for name in filter(None, [*copied, more]):
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        copy(PROJECT / name, tmp_path / name)
    done = subprocess.run([sys.executable, "-c", START], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "'records'" in done.stdout
    assert "'serve'" not in done.stdout
