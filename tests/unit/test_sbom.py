"""The bill of materials names every component that is installed, and the screens have the version of the service."""

import json
import re
import subprocess
import sys
from pathlib import Path

from foundation.version import VERSION

ROOT = Path(__file__).resolve().parents[2]


def components(*command: str) -> set[tuple[str, str]]:
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return {(each["name"], each["version"]) for each in json.loads(done.stdout)["components"]}


def test_every_pinned_requirement_is_listed():
    pinned = re.findall(
        r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==([^ ;]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE
    )
    program = str(Path(sys.executable).parent / "cyclonedx-py")
    assert components(program, "requirements", "--output-reproducible", "requirements.txt") == set(pinned)


def test_every_package_of_the_screens_is_listed():
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text("utf-8"))
    listed = components(sys.executable, "-m", "tools.web", "sbom")
    assert {name for name, _ in listed} >= set(lock["packages"][""]["dependencies"])
    assert lock["version"] == VERSION
