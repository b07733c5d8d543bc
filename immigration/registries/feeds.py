"""How often each feed of records is expected, and how much is kept of what an import refused: `law/feeds.toml`."""

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "law" / "feeds.toml"


def expected() -> Mapping[str, timedelta]:
    """How old the last import of each kind may be, in the order of the file."""
    return {row["kind"]: timedelta(hours=row["expected_hours"]) for row in _tables()["feed"]}


def rows_kept() -> int:
    """How many refused rows of an import are kept."""
    kept: int = _tables()["keeping"]["rejected_rows"]
    return kept


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))
