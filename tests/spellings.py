"""The spellings that people use for places, and which of them are set aside until the end."""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

PATH = Path(__file__).parent / "data" / "place_spellings.csv"


@dataclass(frozen=True, slots=True)
class Spelling:
    """A spelling, the code of the province, district or subdistrict meant, and where the spelling was read."""

    spelling: str
    code: str
    kind: str
    source: str

    @property
    def is_set_aside(self) -> bool:
        """Whether the row is in the third that no rule was made for: decided by a hash, so that no one chooses it."""
        return int(hashlib.sha256(self.spelling.casefold().encode()).hexdigest(), 16) % 3 == 0


def read_spellings() -> list[Spelling]:
    """Every row of the list, in the order of the codes."""
    with PATH.open(encoding="utf-8", newline="") as file:
        return [Spelling(**row) for row in csv.DictReader(file)]
