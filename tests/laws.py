"""The law that ships, with more entries: what holds after a change of the law files."""

import tempfile
from functools import cache
from pathlib import Path

from immigration.registries.law import FOLDER, Law


@cache
def law_with(**more: str) -> Law:
    """The law files with more TOML at the end of those named, such as `holidays`."""
    with tempfile.TemporaryDirectory() as folder:
        for path in FOLDER.glob("*.toml"):
            Path(folder, path.name).write_text(path.read_text("utf-8") + more.get(path.stem, ""), "utf-8")
        return Law(Path(folder))
