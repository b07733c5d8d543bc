"""The machine readable zone of a passport or card: reading it, and writing one.

Source: ICAO Doc 9303, 8th edition: part 3 (alphabet, dates, check digits), part 4 (TD3, passports),
part 5 (TD1, cards) and part 6 (TD2).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from immigration.rules.birth_dates import BirthDate
from immigration.rules.transliteration import transliterate

Format = Literal["TD1", "TD2", "TD3"]
Sex = Literal["M", "F", "X"]

MAX_INPUT = 200
"""Characters: the longest zone (TD1) has 90; more than this is refused unread."""

EXPIRY_AHEAD = 30
"""Years: a two-digit expiry is taken to be at most this far ahead, else in the century before."""

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)} | {"<": 0}
_WEIGHTS = (7, 3, 1)
_LOWER_TO_UPPER = {ord(letter): letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"}
_STATE = "[A-Z]<<|[A-Z]{2}<|[A-Z]{3}"
_CARD_CODE = "[ACI][A-UW-Z0-9<]"
_MONTH_AND_DAY = "(0[1-9]|1[0-2]|<<)(0[1-9]|[12][0-9]|3[01]|<<)"
_PARTLY_KNOWN = f"([0-9]{{2}}){_MONTH_AND_DAY}"
_YEAR_UNKNOWN = f"<<{_MONTH_AND_DAY}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a zone: a stable code, and where it is (line and position from 1; 0 = the whole text).

    Codes: `length`, `characters`, `document-code`, `issuing-state`, `document-number`, `nationality`, `name`,
    `birth-date`, `sex`, `expiry`, and `check-digit:` + `document-number`, `birth-date`, `expiry`, `optional-data` or
    `composite`.
    """

    code: str
    line: int = 0
    position: int = 0

    def __str__(self) -> str:
        return f"{self.code} (line {self.line}, position {self.position})" if self.line else self.code


class InvalidMRZ(ValueError):
    """The machine readable zone is not valid."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("; ".join(str(fault) for fault in self.faults))

    @property
    def codes(self) -> tuple[str, ...]:
        """The faults' codes, in the order they were found."""
        return tuple(fault.code for fault in self.faults)


@dataclass(frozen=True, slots=True)
class MRZ:
    """What a machine readable zone says.

    `birth_date` is None when its year is unknown, and may lack month or day; `expires_on` is None when the document has
    no expiry, `sex` is X where the zone leaves it open. A person with one name has it in `surname` (Doc 9303-3, 4.6: it
    is the primary identifier).
    """

    format: Format
    document_code: str
    issuing_state: str
    document_number: str
    nationality: str
    surname: str
    given_names: str
    birth_date: BirthDate | None
    sex: Sex
    expires_on: date | None
    optional_data: str = ""
    name_truncated: bool = False
    """The name fills its field to the last position, so it may go on in the passport (Doc 9303-4, 4.2.3)."""


def check_digit(text: str) -> int:
    """The check digit of `text`: weights 7-3-1, `<` counts 0, A-Z 10-35, modulo 10 (Doc 9303-3, 4.9).

    A change of one character goes unseen exactly when old and new have the same value modulo 10 (7, 3 and 1 have no
    divisor in common with 10): one digit for another never does; 0, <, A, K and U are alike.
    """
    faults = [Fault("characters", 1, index) for index, character in enumerate(text, 1) if character not in _VALUES]
    if faults:
        raise InvalidMRZ(faults)
    return sum(_VALUES[character] * _WEIGHTS[index % 3] for index, character in enumerate(text)) % 10


def parse(text: str, *, today: date) -> MRZ:
    """Read a TD1, TD2 or TD3 zone, with its line breaks or in one piece; raises `InvalidMRZ` with every fault found.

    CRLF, surrounding spaces and lower case are tolerated. `today` (Bangkok civil date) decides the century: a birth is
    not in the future, an expiry at most `EXPIRY_AHEAD` years ahead (Doc 9303-3, 4.8 leaves it to the reader).
    """
    kind, lines = _lines(text)
    document = _document(zone := _Zone(kind, lines, today))
    if zone.faults:
        raise InvalidMRZ(zone.faults)
    return document


def build(
    *,
    issuing_state: str,
    document_number: str,
    nationality: str,
    surname: str,
    given_names: str,
    birth_date: BirthDate | None,
    sex: Sex,
    expires_on: date | None,
    optional_data: str = "",
    document_code: str = "P",
) -> str:
    """The two lines of a passport (TD3), joined by a line feed; raises `InvalidMRZ` for what a zone cannot hold.

    Names are transliterated, and shortened when they do not fit. Source: Doc 9303-4, 4.2.2 and 4.2.3.
    """
    if len(document_number) > 9 or len(optional_data) > 14 or max(len(issuing_state), len(nationality)) > 3:
        raise InvalidMRZ([Fault("length")])
    if not f"{document_code}{issuing_state}{nationality}".isupper():  # reading tolerates it, a zone has none
        raise InvalidMRZ([Fault("characters")])
    upper = f"{document_code:<<2}{issuing_state:<<3}{_name_field(surname, given_names, 39)}"
    number = f"{document_number:<<9}"
    optional = f"{optional_data:<<14}".replace(" ", "<")
    born, expiry = _six_of(birth_date), _six(expires_on)
    optional_digit = check_digit(optional) if optional_data else "<"
    lower = f"{number}{check_digit(number)}{nationality:<<3}{born}{check_digit(born)}{sex.replace('X', '<')}"
    lower += f"{expiry}{check_digit(expiry)}{optional}{optional_digit}"
    zone = f"{upper}\n{lower}{check_digit(lower[:10] + lower[13:20] + lower[21:])}"
    earliest = birth_date.first_day if birth_date else None
    parse(zone, today=max(day for day in (earliest, expires_on, date(2000, 1, 1)) if day))
    return zone


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a format keeps its fields: (line, first position), or (line, first, last), both counted from 1."""

    lines: int
    width: int
    document_code: str
    name: tuple[int, int]
    number: tuple[int, int]
    nationality: tuple[int, int]
    birth_date: tuple[int, int]
    sex: tuple[int, int]
    expiry: tuple[int, int]
    optional: tuple[int, int, int]
    more_optional: tuple[int, int, int] | None
    optional_digit: tuple[int, int] | None
    composite: tuple[int, int]
    composite_covers: tuple[tuple[int, int, int], ...]


# Doc 9303-4, 9303-6 and 9303-5, each section 4.2.2: the data structure of the lines. Positions as printed there.
_LAYOUTS: dict[Format, _Layout] = {
    "TD3": _Layout(2, 44, "P[A-Z0-9<]", (1, 6), (2, 1), (2, 11), (2, 14), (2, 21), (2, 22), (2, 29, 42), None, (2, 43),
                   (2, 44), ((2, 1, 10), (2, 14, 20), (2, 22, 43))),
    "TD2": _Layout(2, 36, _CARD_CODE, (1, 6), (2, 1), (2, 11), (2, 14), (2, 21), (2, 22), (2, 29, 35), None, None,
                   (2, 36), ((2, 1, 10), (2, 14, 20), (2, 22, 35))),
    "TD1": _Layout(3, 30, _CARD_CODE, (3, 1), (1, 6), (2, 16), (2, 1), (2, 8), (2, 9), (1, 16, 30), (2, 19, 29), None,
                   (2, 30), ((1, 6, 30), (2, 1, 7), (2, 9, 15), (2, 19, 29))),
}  # fmt: skip


def _lines(text: str) -> tuple[Format, list[str]]:
    """The zone's format and its clean lines, or `InvalidMRZ` for a wrong size or alphabet."""
    if len(text) > MAX_INPUT:
        raise InvalidMRZ([Fault("length")])
    written = [line.strip().translate(_LOWER_TO_UPPER) for line in re.split(r"[\r\n]+", text.strip())]
    lines = [line for line in written if line]
    kind = _format(lines)
    count, width = _LAYOUTS[kind].lines, _LAYOUTS[kind].width
    if len(lines) == 1 and len(lines[0]) == count * width:
        lines = [lines[0][position : position + width] for position in range(0, count * width, width)]
    if len(lines) != count:
        raise InvalidMRZ([Fault("length")])
    faults = [
        Fault("characters", number, position)
        for number, line in enumerate(lines, 1)
        for position, character in enumerate(line, 1)
        if character not in _VALUES
    ]
    faults += [Fault("length", n, min(len(line), width) + 1) for n, line in enumerate(lines, 1) if len(line) != width]
    if faults:
        raise InvalidMRZ(faults)
    return kind, lines


def _format(lines: list[str]) -> Format:
    """The format whose shape the lines have, or come closest to, so that faults can be placed."""
    size = sum(len(line) for line in lines)
    if len(lines) == 3 or (len(lines) == 1 and size == 90):
        return "TD1"
    return "TD2" if size <= 80 else "TD3"


class _Zone:
    """A zone being read: gives out its fields and collects the faults on the way. Lines and positions count from 1."""

    def __init__(self, kind: Format, lines: list[str], today: date) -> None:
        self.kind = kind
        self.layout = _LAYOUTS[kind]
        self.lines = lines
        self.today = today
        self.faults: list[Fault] = []

    def field(self, line: int, first: int, last: int) -> str:
        """The characters from `first` to `last`, both included."""
        return self.lines[line - 1][first - 1 : last]

    def refuse(self, code: str, line: int, position: int) -> None:
        """Note a fault."""
        self.faults.append(Fault(code, line, position))

    def checked(self, code: str, covered: str, line: int, position: int, *, may_be_blank: bool = False) -> None:
        """The digit at `position` belongs to `covered`; an empty optional field may go without one."""
        digit = self.field(line, position, position)
        if digit != str(check_digit(covered)) and not (may_be_blank and digit == "<" and not covered.strip("<")):
            self.refuse(f"check-digit:{code}", line, position)

    def document_code(self) -> str:
        """P and a letter, or A, C or I and a letter; a visa (V) is no travel document."""
        code = self.field(1, 1, 2)
        if not re.fullmatch(self.layout.document_code, code):
            self.refuse("document-code", 1, 1)
        return code.rstrip("<")

    def state(self, code: str, line: int, first: int) -> str:
        """An issuing state or nationality, without filler (Germany's `D<<` is `D`). Whether it exists is not asked."""
        state = self.field(line, first, first + 2)
        if not re.fullmatch(_STATE, state):
            self.refuse(code, line, first)
        return state.rstrip("<")

    def name(self) -> tuple[str, str, bool]:
        """Surname, given names, and whether they may have been cut (no filler at the end)."""
        line, first = self.layout.name
        name = self.field(line, first, self.layout.width)
        if not name.strip("<") or not name.replace("<", "").isalpha():
            self.refuse("name", line, first)
        surname, _, given_names = name.partition("<<")
        return _text(surname), _text(given_names), not name.endswith("<")

    def number_and_optional(self) -> tuple[str, str]:
        """The document's number and its optional data, into which a long number flows over on cards.

        Source: Doc 9303-5 and 9303-6, 4.2.2, the note on long numbers: `<` in the place of the check digit, then the
        rest of the number and its check digit at the head of the optional field.
        """
        line, first = self.layout.number
        number, digit = self.field(line, first, first + 8), self.field(line, first + 9, first + 9)
        optional = self.field(*self.layout.optional)
        rest, _, left = optional.partition("<")
        if self.kind != "TD3" and digit == "<" and len(rest) > 1 and "<" not in number:
            number, digit, optional = number + rest[:-1], rest[-1], left
        if digit != str(check_digit(number)):
            self.refuse("check-digit:document-number", line, first + 9)
        if not number.strip("<"):
            self.refuse("document-number", line, first)
        more = self.field(*self.layout.more_optional) if self.layout.more_optional else ""
        return number.replace("<", ""), _text(f"{optional}<{more}")

    def birth_date(self) -> BirthDate | None:
        """The date, not in the future, without the parts that are filled with `<<`; None when the year is."""
        line, first = self.layout.birth_date
        born = self.field(line, first, first + 5)
        self.checked("birth-date", born, line, first + 6)
        birth = _birth(born, self.today)
        if birth is None and not re.fullmatch(_YEAR_UNKNOWN, born):
            self.refuse("birth-date", line, first)
        return birth

    def sex(self) -> Sex:
        """M or F; X where the zone has a filler."""
        line, position = self.layout.sex
        sexes: dict[str, Sex] = {"M": "M", "F": "F", "<": "X"}
        sex = self.field(line, position, position)
        if sex not in sexes:
            self.refuse("sex", line, position)
        return sexes.get(sex, "X")

    def expires_on(self) -> date | None:
        """The day of expiry; None when the field is all filler."""
        line, first = self.layout.expiry
        expiry = self.field(line, first, first + 5)
        self.checked("expiry", expiry, line, first + 6)
        day = _day(expiry, date(self.today.year + EXPIRY_AHEAD, 12, 31))
        if day is None and expiry != "<<<<<<":
            self.refuse("expiry", line, first)
        return day

    def check_the_rest(self) -> None:
        """The digit over the optional data, where there is one, and the composite one."""
        if self.layout.optional_digit:
            covered = self.field(*self.layout.optional)
            self.checked("optional-data", covered, *self.layout.optional_digit, may_be_blank=True)
        covered = "".join(self.field(*part) for part in self.layout.composite_covers)
        self.checked("composite", covered, *self.layout.composite)


def _document(zone: _Zone) -> MRZ:
    """Every field of the zone, in the order in which faults are reported."""
    document_code, issuing_state = zone.document_code(), zone.state("issuing-state", 1, 3)
    surname, given_names, truncated = zone.name()
    number, optional = zone.number_and_optional()
    document = MRZ(
        format=zone.kind,
        document_code=document_code,
        issuing_state=issuing_state,
        document_number=number,
        nationality=zone.state("nationality", *zone.layout.nationality),
        surname=surname,
        given_names=given_names,
        birth_date=zone.birth_date(),
        sex=zone.sex(),
        expires_on=zone.expires_on(),
        optional_data=optional,
        name_truncated=truncated,
    )
    zone.check_the_rest()
    return document


def _day(six: str, latest: date) -> date | None:
    """The last date not after `latest` that is written YYMMDD; None if there is none."""
    if not re.fullmatch("[0-9]{6}", six):
        return None
    for century in _centuries(latest):
        try:
            day = date(century + int(six[:2]), int(six[2:4]), int(six[4:]))
        except ValueError:
            continue
        if day <= latest:
            return day
    return None


def _birth(six: str, latest: date) -> BirthDate | None:
    """The last birth date that is written so and can have been by `latest`; None if there is none."""
    if day := _day(six, latest):
        return BirthDate.of(day)
    parts = re.fullmatch(_PARTLY_KNOWN, six)
    if parts is None or "<" not in six:
        return None
    year, month, day_of_month = (None if part == "<<" else int(part) for part in parts.groups())
    births = (BirthDate(century + (year or 0), month, day_of_month) for century in _centuries(latest))
    return next((birth for birth in births if birth.first_day <= latest), None)


def _centuries(latest: date) -> tuple[int, int]:
    """The first years of the centuries that a two-digit year may be in."""
    present = latest.year - latest.year % 100
    return present, present - 100


def _text(field: str) -> str:
    """A field's words, single spaces between them."""
    return " ".join(field.replace("<", " ").split())


def _six(day: date | None) -> str:
    """A date as YYMMDD, all filler when unknown."""
    return day.strftime("%y%m%d") if day else "<<<<<<"


def _six_of(birth: BirthDate | None) -> str:
    """A birth date as YYMMDD, with filler for the parts that are unknown."""
    return str(birth)[2:].replace("-00", "<<").replace("-", "") if birth else "<<<<<<"


def _name_field(surname: str, given_names: str, width: int) -> str:
    """Names in `width` characters; a long surname is cut so that an initial of the given names remains."""
    first, second = (transliterate(name).replace(" ", "<") for name in (surname, given_names))
    if not first:
        first, second = second, ""
    if second and len(first) > width - 3:
        first = first[: width - 3].rstrip("<")
    name = f"{first}<<{second}" if second else first
    return name[:width].ljust(width, "<")
