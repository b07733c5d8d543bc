"""Birth dates as passports have them: the year, and month and day where they are known.

ICAO Doc 9303-3, 4.8: a part that is unknown is left open. The records write it as `00` or leave it away: `1968-05-00`,
`1968-00-00`, `1968`.
"""

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Self

from immigration.rules.codes import BirthDateFault, BirthParts

EARLIEST_YEAR = 1900
BUDDHIST_YEARS_AHEAD = 543
"""By how many years the Buddhist calendar of Thailand is ahead of the common era."""

_WRITTEN = re.compile("([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


class InvalidBirthDate(ValueError):
    """A text that is no birth date: a code, a sentence, and what may have been meant."""

    def __init__(self, code: BirthDateFault, sentence: str, suggestion: str | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class BirthDate:
    """A date of birth with the parts that are known; None is a part that the passport leaves open."""

    year: int
    month: int | None = None
    day: int | None = None

    def __str__(self) -> str:
        """As the records and the API write it: parts that are not known are zeros."""
        return f"{self.year:04}-{self.month or 0:02}-{self.day or 0:02}"

    @classmethod
    def of(cls, day: date) -> Self:
        """A birth date of which everything is known."""
        return cls(day.year, day.month, day.day)

    @classmethod
    def stored(cls, first_day: date, known: str) -> Self:
        """The birth date that is kept as its first possible day and the parts of it that are known."""
        month = first_day.month if known in (BirthParts.ALL, BirthParts.NO_DAY) else None
        return cls(first_day.year, month, first_day.day if known in (BirthParts.ALL, BirthParts.NO_MONTH) else None)

    @property
    def first_day(self) -> date:
        """The first day that it may have been."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def known(self) -> BirthParts:
        """Which parts are known."""
        if self.month is None:
            return BirthParts.ONLY_YEAR if self.day is None else BirthParts.NO_MONTH
        return BirthParts.NO_DAY if self.day is None else BirthParts.ALL

    def joined(self, other: "BirthDate") -> "BirthDate":
        """What two birth dates that do not disagree say together."""
        return BirthDate(self.year, self.month or other.month, self.day or other.day)

    def is_given_by(self, claim: "BirthDate") -> bool:
        """Whether a claim names every part that is known here; what is not known here is not asked."""
        asked = ((self.year, claim.year), (self.month, claim.month), (self.day, claim.day))
        return all(known is None or known == given for known, given in asked)


def disagree(births: Iterable[BirthDate]) -> bool:
    """Whether two of the birth dates differ in a part that both know."""
    parts = zip(*((birth.year, birth.month, birth.day) for birth in births), strict=True)
    return any(len({*part} - {None}) > 1 for part in parts)


def read(text: str, *, latest: date) -> BirthDate:
    """The birth date that a text says: `1968-05-17`, `1968-05-00`, `1968-00-00`, `1968-05` or `1968`.

    It may not lie after `latest`, which is today (a civil date in Bangkok) for what people type. Raises
    InvalidBirthDate.
    """
    written = _WRITTEN.fullmatch(text)
    if written is None:
        sentence = "not a date as YYYY-MM-DD, with 00 for a month or a day that the passport leaves open"
        raise InvalidBirthDate(BirthDateFault.UNREADABLE, sentence)
    year, month, day = (int(part or 0) for part in written.groups())
    common = year - BUDDHIST_YEARS_AHEAD
    if EARLIEST_YEAR <= common <= latest.year < year:
        sentence = f"{year} looks like a year of the Buddhist calendar: in the common era it is {common}"
        raise InvalidBirthDate(BirthDateFault.BUDDHIST_YEAR, sentence, f"{common}{text[4:]}")
    if year < EARLIEST_YEAR:
        sentence = f"before {EARLIEST_YEAR}; years are those of the common era"
        raise InvalidBirthDate(BirthDateFault.TOO_EARLY, sentence)
    if month > 12 or day > (monthrange(year, month)[1] if month else 31):
        raise InvalidBirthDate(BirthDateFault.IMPOSSIBLE, "there is no such day")
    birth = BirthDate(year, month or None, day or None)
    if birth.first_day > latest:
        raise InvalidBirthDate(BirthDateFault.FUTURE, "the day has not come yet; years are those of the common era")
    return birth
