"""The reason codes with their words, from `immigration/law/reasons.toml`."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "law" / "reasons.toml"


@cache
def all_reasons() -> list[dict[str, Any]]:
    """Every reason: its code, and per language a title and a way to put it right."""
    reasons: list[dict[str, Any]] = tomllib.loads(FILE.read_text("utf-8"))["reason"]
    return reasons
