"""Which decisions a second person reviews, drawn so that nobody can choose."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


@dataclass(frozen=True)
class Terms:
    """The terms in force on a day; the values, with grade and source, are in the law file `fairness`."""

    sample_default: int
    sample_least: int
    sample_most: int
    second_review: timedelta
    rate_days: int
    export_rows: int
    saved_views: int


class ReviewKind(StrEnum):
    """Why a second person reviews a decision."""

    SAMPLE = "sample"
    OVERRIDE = "override"


class ReviewResult(StrEnum):
    """What the second person found."""

    CONFIRMED = "confirmed"
    FLAGGED = "flagged"


def is_drawn(mark: bytes, per_mille: int) -> bool:
    """Whether what has this mark is in a sample of so many in a thousand.

    A mark is a keyed digest of 8 bytes or more: who has no key can neither foresee nor choose it, and who has it can
    draw the same sample again. What a rate draws, a higher one draws too.
    """
    return int.from_bytes(mark[:8]) * 1000 < per_mille << 64
