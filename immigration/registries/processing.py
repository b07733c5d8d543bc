"""The law file `processing`: what personal data are kept for, on what ground, and whether an erasure removes them."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "law" / "processing.toml"


@dataclass(frozen=True, kw_only=True)
class Purpose:
    """A purpose: of which tables and columns, in words by language, with grade and source."""

    key: str
    data: Sequence[str]
    goes: bool
    titles: dict[str, str]
    whats: dict[str, str]
    whys: dict[str, str]
    grade: str
    sources: dict[str, str]

    def title(self, language: str) -> str:
        """What for, in a language, else in English."""
        return self.titles.get(language, self.titles["en"])

    def what(self, language: str) -> str:
        """Which data, in the words of people, in a language, else in English."""
        return self.whats.get(language, self.whats["en"])

    def why(self, language: str) -> str:
        """Why the data stay or go, in a language, else in English."""
        return self.whys.get(language, self.whys["en"])

    def source(self, language: str) -> str:
        """The law that says so, in a language, else in English."""
        return self.sources.get(language, self.sources["en"])


@cache
def purposes() -> tuple[Purpose, ...]:
    """Every purpose, in the order of the file."""
    return tuple(
        Purpose(
            key=row["key"],
            data=row["data"],
            goes=row["goes"],
            titles={language: row[f"title_{language}"] for language in ("en", "th")},
            whats={language: row[f"what_{language}"] for language in ("en", "th")},
            whys={language: row[f"why_{language}"] for language in ("en", "th")},
            grade=row["grade"],
            sources={"en": row["source"], "th": row["source_th"]},
        )
        for row in _content()["purpose"]
    )


def kept_for(retention: str, language: str) -> str:
    """How long a table says that its rows are kept, in a language, else in English; KeyError without a Thai text."""
    words: str = _content()["kept_th"][str(retention)] if language == "th" else str(retention)
    return words


@cache
def _content() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


def purpose_of(table: str) -> Purpose:
    """What a table is for; raises LookupError for one of no purpose."""
    found = next((each for each in purposes() if table in each.data), None)
    if found is None:
        raise LookupError(f"{table} is of no purpose in {FILE.name}")
    return found
